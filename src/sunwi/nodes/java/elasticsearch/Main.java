package sunwi;

import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.elasticsearch.bootstrap.BootstrapInfo;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginsLoader;

/** A node without Bootstrap, which refuses root: HOME CONFIG [until-stdin-ends]. */
public class Main {
    public static void main(String[] a) {
        try {
            run(a);
        } catch (Throwable error) { // other threads would keep a half-started node alive
            error.printStackTrace();
            System.exit(1);
        }
    }

    static void run(String[] a) throws Exception {
        Path home = Path.of(a[0]), config = Path.of(a[1]);
        LogConfigurator.configureESLogging();
        BootstrapInfo.init();
        Settings s = Settings.builder().put("path.home", home.toString()).build();
        Environment env = InternalSettingsPreparer.prepareEnvironment(s, Map.of(), config, () -> "sunwi");
        LogConfigurator.setNodeName("sunwi");
        LogConfigurator.configure(env, true);
        PluginsLoader loader = PluginsLoader.createPluginsLoader(
            PluginsLoader.loadModulesBundles(env.modulesDir()), PluginsLoader.loadPluginsBundles(env.pluginsDir()), Map.of(), false);
        Node n = new Node(env, loader);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> { try { n.close(); } catch (Exception e) { } }));
        n.start();
        if (a.length > 2) { // until stdin ends: a node that a test started goes with the test
            while (System.in.read() >= 0) { }
            System.exit(0);
        }
        new CountDownLatch(1).await();
    }
}
