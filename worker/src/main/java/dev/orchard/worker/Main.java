package dev.orchard.worker;

import java.security.Security;
import java.util.List;

/** The worker's process: runs until SIGTERM; its VMs run on. */
public final class Main {
  private static final int USAGE = 2;

  private Main() {}

  public static void main(String[] args) throws InterruptedException {
    WorkerSettings settings;
    try {
      settings = Arguments.parse(List.of(args), System.getenv());
    } catch (IllegalArgumentException e) {
      System.err.println("orchard worker: " + e.getMessage());
      System.err.println(Arguments.USAGE);
      System.exit(USAGE);
      return;
    }
    // A replica may be found at another address at any time; the JDK would keep one for 30 s.
    Security.setProperty("networkaddress.cache.ttl", "1");
    Security.setProperty("networkaddress.cache.negative.ttl", "1");
    Worker worker = Worker.start(settings);
    Runtime.getRuntime().addShutdownHook(new Thread(worker::close, "shutdown"));
    Thread.currentThread().join();
  }
}
