package dev.orchard.cli.exec;

import dev.orchard.cli.terminal.LocalSignal;
import dev.orchard.cli.terminal.Signals;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** This process' signals, for all runs in it. */
final class SharedSignals implements Signals {
  private final List<Consumer<LocalSignal>> handlers = new CopyOnWriteArrayList<>();
  private volatile @Nullable LocalSignal stopped;

  @Override
  public void handle(Consumer<LocalSignal> handler) {
    handlers.add(handler);
    LocalSignal missed = stopped;
    if (missed != null) {
      handler.accept(missed);
    }
  }

  void arrived(LocalSignal signal) {
    if (signal != LocalSignal.WINCH) {
      stopped = signal;
    }
    handlers.forEach(handler -> handler.accept(signal));
  }

  /** The last signal that asked to end; empty while none has. */
  Optional<LocalSignal> stopped() {
    return Optional.ofNullable(stopped);
  }
}
