package dev.orchard.worker.vm;

/** A machine could not be started. The message is for the VM's owner. */
public final class MachineException extends RuntimeException {
  public MachineException(String message) {
    super(message);
  }

  public MachineException(String message, Throwable cause) {
    super(message, cause);
  }
}
