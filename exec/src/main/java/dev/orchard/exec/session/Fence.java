package dev.orchard.exec.session;

/**
 * Who was asked to run a command. A session whose fence is another one now can never be started
 * again without doubt.
 *
 * @param bootId minted by the worker at every power-on or restore of the VM
 * @param instance minted by the guest agent at its start
 */
public record Fence(String bootId, String instance) {}
