package dev.orchard.cli.terminal;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.function.Consumer;

/**
 * This process' signals, by {@code sun.misc.Signal} of the supported module {@code
 * jdk.unsupported}: by reflection, because javac warns of each mention of it and cannot be told not
 * to.
 */
public final class ProcessSignals implements Signals {
  @Override
  public void handle(Consumer<LocalSignal> handler) {
    try {
      Class<?> signalType = Class.forName("sun.misc.Signal");
      Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
      for (LocalSignal signal : LocalSignal.values()) {
        Object listener =
            Proxy.newProxyInstance(
                handlerType.getClassLoader(),
                new Class<?>[] {handlerType},
                (proxy, method, arguments) -> {
                  handler.accept(signal);
                  return null;
                });
        register(signalType, handlerType, signal, listener);
      }
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this Java has no sun.misc.Signal", e);
    }
  }

  private static void register(
      Class<?> signalType, Class<?> handlerType, LocalSignal signal, Object listener)
      throws ReflectiveOperationException {
    try {
      Object named = signalType.getConstructor(String.class).newInstance(signal.name());
      signalType.getMethod("handle", signalType, handlerType).invoke(null, named, listener);
    } catch (InvocationTargetException e) {
      // Refused where whoever started us ignores it (nohup, a background job): it stays so.
      if (!(e.getCause() instanceof IllegalArgumentException)) {
        throw e;
      }
    }
  }
}
