package sunwi;

import java.util.Map;
import org.opensearch.common.logging.LogConfigurator;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;

/** A node without Bootstrap, which refuses root; see Start for its arguments. */
public class Main {
    public static void main(String[] a) {
        Start.run(a, (home, config) -> {
            Settings s = Settings.builder().put("path.home", home.toString()).build();
            Environment env = InternalSettingsPreparer.prepareEnvironment(s, Map.of(), config, () -> "sunwi");
            LogConfigurator.setNodeName("sunwi");
            LogConfigurator.configure(env);
            Node n = new Node(env);
            Start.closeAtExit(n);
            n.start();
        });
    }
}
