package sunwi;

import java.io.Closeable;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/** What the Main of both servers shares: HOME CONFIG [until-stdin-ends], and how its process ends. */
public class Start {
    interface Server {
        void start(Path home, Path config) throws Exception;
    }

    static void run(String[] a, Server server) {
        try {
            server.start(Path.of(a[0]), Path.of(a[1]));
            if (a.length > 2) { // until stdin ends: a node that a test started goes with the test
                while (System.in.read() >= 0) { }
                System.exit(0);
            }
            new CountDownLatch(1).await();
        } catch (Throwable error) { // other threads would keep a half-started node alive
            error.printStackTrace();
            System.exit(1);
        }
    }

    static void closeAtExit(Closeable node) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> { try { node.close(); } catch (Exception e) { } }));
    }
}
