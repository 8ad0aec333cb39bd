package sunwi;

import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.opensearch.common.logging.LogConfigurator;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;

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
        Settings s = Settings.builder().put("path.home", home.toString()).build();
        Environment env = InternalSettingsPreparer.prepareEnvironment(s, Map.of(), config, () -> "sunwi");
        LogConfigurator.setNodeName("sunwi");
        LogConfigurator.configure(env);
        Node n = new Node(env);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> { try { n.close(); } catch (Exception e) { } }));
        n.start();
        if (a.length > 2) { // until stdin ends: a node that a test started goes with the test
            while (System.in.read() >= 0) { }
            System.exit(0);
        }
        new CountDownLatch(1).await();
    }
}
