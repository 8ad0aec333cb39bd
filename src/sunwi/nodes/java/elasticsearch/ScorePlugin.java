package sunwi;

import java.util.Collection;
import java.util.Map;
import java.util.Set;
import org.apache.lucene.index.LeafReaderContext;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.plugins.Plugin;
import org.elasticsearch.plugins.ScriptPlugin;
import org.elasticsearch.script.AggregationScript;
import org.elasticsearch.script.ScriptContext;
import org.elasticsearch.script.ScriptEngine;
import org.elasticsearch.search.lookup.SearchLookup;

/** Of the language painless the expression _score in aggregations alone: Maven Central does not have the module lang-painless. */
public class ScorePlugin extends Plugin implements ScriptPlugin {
    static class Score extends AggregationScript {
        Score(Map<String, Object> params, SearchLookup lookup, LeafReaderContext leaf) { super(params, lookup, leaf); }
        @Override public Object execute() { return get_score(); }
    }
    static AggregationScript.LeafFactory factory(Map<String, Object> params, SearchLookup lookup) {
        return new AggregationScript.LeafFactory() {
            @Override public AggregationScript newInstance(LeafReaderContext leaf) { return new Score(params, lookup, leaf); }
            @Override public boolean needs_score() { return true; }
        };
    }
    @Override public ScriptEngine getScriptEngine(Settings settings, Collection<ScriptContext<?>> contexts) {
        return new ScriptEngine() {
            @Override public String getType() { return "painless"; }
            @Override public Set<ScriptContext<?>> getSupportedContexts() { return Set.of(AggregationScript.CONTEXT); }
            @Override public <F> F compile(String name, String code, ScriptContext<F> context, Map<String, String> params) {
                if (!code.equals("_score")) throw new IllegalArgumentException("this node knows the script _score alone, not " + code);
                AggregationScript.Factory made = ScorePlugin::factory;
                return context.factoryClazz.cast(made);
            }
        };
    }
}
