package dev.orchard.agent.process;

import java.util.List;

/**
 * Whom a process runs as.
 *
 * @param groups every group, the primary one among them
 * @param name empty where the system knows only the number
 */
record Account(int uid, int gid, List<Integer> groups, String name, String home, String shell) {
  Account {
    groups = List.copyOf(groups);
  }
}
