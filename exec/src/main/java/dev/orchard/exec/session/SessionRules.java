package dev.orchard.exec.session;

import java.time.Duration;

/**
 * What a worker has to know of a session besides what it runs.
 *
 * @param bootId the boot of the VM that the session is bound to
 * @param stdin whether clients may send stdin
 * @param tty whether it has a terminal, and so may be resized
 * @param startTimeout how long it may wait for the guest
 * @param timeout how long it may run; zero: for ever
 * @param idleTimeout how long it may run without stdin or output; zero: for ever
 * @param terminationGracePeriod from TERM to KILL
 */
public record SessionRules(
    String bootId,
    boolean stdin,
    boolean tty,
    DisconnectPolicy disconnectPolicy,
    Duration startTimeout,
    Duration timeout,
    Duration idleTimeout,
    Duration terminationGracePeriod) {}
