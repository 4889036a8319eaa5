package dev.orchard.client;

/**
 * A session as its controller names it. All three are DNS labels, so they go into a path as they
 * are.
 *
 * @param vm empty where the command line does not say
 */
public record SessionAddress(String namespace, String vm, String session) {}
