package dev.orchard.exec.simulation;

import java.util.LinkedHashMap;
import java.util.Map;

/** A link's calls of the API server: one at a time, the latest of each key, until it succeeds. */
final class SimApiQueue {
  /** Runs exactly one of the two. */
  interface Call {
    void run(Runnable done, Runnable failed);
  }

  private record Waiting(Call call, long due, int failures) {}

  private static final int FIRST_PAUSE = 200;
  private static final int LONGEST_PAUSE = 10_000;

  private final Clockwork clock;
  private final Map<String, Waiting> calls = new LinkedHashMap<>();
  private boolean busy;
  private boolean closed;

  SimApiQueue(Clockwork clock) {
    this.clock = clock;
  }

  void submit(String key, int delay, Call call) {
    long due = clock.now() + delay;
    Waiting waiting = calls.get(key);
    if (waiting != null && waiting.failures() == 0) {
      due = Math.min(due, waiting.due());
    }
    put(key, new Waiting(call, due, 0));
  }

  private void put(String key, Waiting call) {
    calls.put(key, call);
    clock.after(call.due() - clock.now(), this::next);
  }

  void close() {
    closed = true;
    calls.clear();
  }

  private void next() {
    if (busy || closed) {
      return;
    }
    for (Map.Entry<String, Waiting> entry : calls.entrySet()) {
      if (entry.getValue().due() <= clock.now()) {
        busy = true;
        calls.remove(entry.getKey());
        Waiting call = entry.getValue();
        call.call().run(this::over, () -> failed(entry.getKey(), call));
        return;
      }
    }
  }

  private void over() {
    busy = false;
    next();
  }

  private void failed(String key, Waiting call) {
    int failures = call.failures() + 1;
    int pause = Math.min(FIRST_PAUSE << Math.min(failures, 10), LONGEST_PAUSE);
    if (!closed && !calls.containsKey(key)) {
      put(key, new Waiting(call.call(), clock.now() + pause, failures));
    }
    over();
  }
}
