package sunwi;

import java.io.IOException;
import java.io.StringReader;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.Tokenizer;
import org.apache.lucene.analysis.ko.*;
import org.apache.lucene.analysis.ko.dict.UserDictionary;
import org.apache.lucene.analysis.tokenattributes.*;
import org.apache.lucene.util.AttributeFactory;
import org.@ENGINE@.common.settings.Settings;
import org.@ENGINE@.env.Environment;
import org.@ENGINE@.index.IndexSettings;
import org.@ENGINE@.index.analysis.*;
import org.@ENGINE@.indices.analysis.AnalysisModule.AnalysisProvider;
import org.@ENGINE@.plugins.AnalysisPlugin;
import org.@ENGINE@.plugins.Plugin;

/** Lucene's nori under the names that the servers' own plugin analysis-nori gives it. */
public class NoriPlugin extends Plugin implements AnalysisPlugin {
    static KoreanTokenizer.DecompoundMode mode(Settings s) {
        return KoreanTokenizer.DecompoundMode.valueOf(s.get("decompound_mode", "discard").toUpperCase(Locale.ROOT));
    }
    static UserDictionary dictionary(Settings s) {
        List<String> rules = s.getAsList("user_dictionary_rules", List.of());
        try { return rules.isEmpty() ? null : UserDictionary.open(new StringReader(String.join("\n", rules))); }
        catch (IOException e) { throw new IllegalArgumentException("user_dictionary_rules", e); }
    }
    static Set<POS.Tag> tags(Settings s) {
        List<String> names = s.getAsList("stoptags", null);
        if (names == null) return KoreanPartOfSpeechStopFilter.DEFAULT_STOP_TAGS;
        Set<POS.Tag> out = new HashSet<>();
        for (String n : names) out.add(POS.resolveTag(n));
        return out;
    }
    static class TokenizerFactoryImpl extends AbstractTokenizerFactory {
        final Settings s;
        TokenizerFactoryImpl(IndexSettings i, Environment e, String name, Settings s) { super(@TOKENIZER@); this.s = s; }
        @Override public Tokenizer create() {
            return new KoreanTokenizer(AttributeFactory.DEFAULT_ATTRIBUTE_FACTORY, dictionary(s), mode(s), false, s.getAsBoolean("discard_punctuation", true));
        }
    }
    interface Wrap { TokenStream of(TokenStream t, Settings s); }
    static AnalysisProvider<TokenFilterFactory> filter(Wrap w) {
        return (i, e, name, s) -> new AbstractTokenFilterFactory(@FILTER@) {
            @Override public TokenStream create(TokenStream t) { return w.of(t, s); }
        };
    }
    @Override public Map<String, AnalysisProvider<TokenizerFactory>> getTokenizers() {
        return Map.of("nori_tokenizer", TokenizerFactoryImpl::new);
    }
    @Override public Map<String, AnalysisProvider<TokenFilterFactory>> getTokenFilters() {
        return Map.of("nori_part_of_speech", filter((t, s) -> new KoreanPartOfSpeechStopFilter(t, tags(s))),
            "nori_readingform", filter((t, s) -> new KoreanReadingFormFilter(t)),
            "nori_number", filter((t, s) -> new KoreanNumberFilter(t)));
    }
    @Override public Map<String, AnalysisProvider<AnalyzerProvider<? extends Analyzer>>> getAnalyzers() {
        return Map.of("nori", (i, e, name, s) -> new AbstractIndexAnalyzerProvider<Analyzer>(@ANALYZER@) {
            final KoreanAnalyzer a = new KoreanAnalyzer(dictionary(s), mode(s), tags(s), false);
            @Override public Analyzer get() { return a; }
        });
    }
}
