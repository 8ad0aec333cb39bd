package sunwi;

import java.util.Map;
import org.elasticsearch.bootstrap.BootstrapInfo;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginsLoader;

/** A node without Bootstrap, which refuses root; see Start for its arguments. */
public class Main {
    public static void main(String[] a) {
        Start.run(a, (home, config) -> {
            LogConfigurator.configureESLogging();
            BootstrapInfo.init();
            Settings s = Settings.builder().put("path.home", home.toString()).build();
            Environment env = InternalSettingsPreparer.prepareEnvironment(s, Map.of(), config, () -> "sunwi");
            LogConfigurator.setNodeName("sunwi");
            LogConfigurator.configure(env, true);
            PluginsLoader loader = PluginsLoader.createPluginsLoader(
                PluginsLoader.loadModulesBundles(env.modulesDir()), PluginsLoader.loadPluginsBundles(env.pluginsDir()), Map.of(), false);
            Node n = new Node(env, loader);
            Start.closeAtExit(n);
            n.start();
        });
    }
}
