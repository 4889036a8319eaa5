package dev.orchard.agent.process;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;

/** One start of a process by {@code posix_spawn}, with the calling thread's credentials. */
final class Spawn {
  private static final MemorySegment SPAWN = Libc.function("posix_spawn");
  private static final MemorySegment ACTIONS_INIT = Libc.function("posix_spawn_file_actions_init");
  private static final MemorySegment ACTIONS_DESTROY =
      Libc.function("posix_spawn_file_actions_destroy");
  private static final MemorySegment ADD_OPEN = Libc.function("posix_spawn_file_actions_addopen");
  private static final MemorySegment ADD_DUP2 = Libc.function("posix_spawn_file_actions_adddup2");
  private static final MemorySegment ADD_CHDIR =
      Libc.function("posix_spawn_file_actions_addchdir_np");
  private static final MemorySegment ADD_CLOSE_FROM =
      Libc.function("posix_spawn_file_actions_addclosefrom_np");
  private static final MemorySegment ATTRIBUTES_INIT = Libc.function("posix_spawnattr_init");
  private static final MemorySegment SET_FLAGS = Libc.function("posix_spawnattr_setflags");
  private static final MemorySegment SET_DEFAULT = Libc.function("posix_spawnattr_setsigdefault");
  private static final MemorySegment SET_MASK = Libc.function("posix_spawnattr_setsigmask");
  private static final MemorySegment SYSCALL = Libc.function("syscall");
  private static final MemorySegment KILL = Libc.function("kill");
  private static final MemorySegment WAITPID = Libc.function("waitpid");
  private static final MemorySegment ACCESS = Libc.function("access");

  private static final int SETSIGDEF = 0x04;
  private static final int SETSIGMASK = 0x08;
  private static final int SETSID = 0x80;

  private static final int X_OK = 1;
  private static final int SIGNAL_SET_BYTES = 128;

  /** glibc needs 80 and 336 bytes. */
  private static final int ACTIONS_BYTES = 512;

  private static final int ATTRIBUTES_BYTES = 512;

  /** The same number on every architecture, as all system calls since 2019. */
  private static final int PIDFD_OPEN = 434;

  private final List<String> command;
  private final Map<String, String> env;
  private final String directory;
  private final StdioEnds stdio;

  Spawn(List<String> command, Map<String, String> env, String directory, StdioEnds stdio) {
    this.command = command;
    this.env = env;
    this.directory = directory;
    this.stdio = stdio;
  }

  Launch run() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment actions = arena.allocate(ACTIONS_BYTES, 16);
      Descriptor.check("file actions", Libc.call(ACTIONS_INIT, actions.address()));
      try {
        addActions(arena, actions.address());
        List<String> variables =
            env.entrySet().stream().map(entry -> entry.getKey() + "=" + entry.getValue()).toList();
        return search(
            arena,
            new Prepared(
                actions.address(),
                attributes(arena),
                strings(arena, command),
                strings(arena, variables)));
      } finally {
        Libc.call(ACTIONS_DESTROY, actions.address());
      }
    }
  }

  /**
   * The terminal is opened by the process: SETSID has made it a session leader by then, so the
   * terminal becomes its controlling one.
   */
  private void addActions(Arena arena, long actions) {
    String terminal = stdio.terminalPath();
    if (terminal != null) {
      open(arena, actions, terminal);
      dup2(actions, 0, 1);
      dup2(actions, 0, 2);
    } else {
      if (stdio.theirs(0) == StdioEnds.NONE) {
        open(arena, actions, "/dev/null");
      } else {
        dup2(actions, stdio.theirs(0), 0);
      }
      dup2(actions, stdio.theirs(1), 1);
      dup2(actions, stdio.theirs(2), 2);
    }
    long path = arena.allocateFrom(directory).address();
    added(Libc.call(ADD_CHDIR, actions, path));
    added(Libc.call(ADD_CLOSE_FROM, actions, 3));
  }

  private static void open(Arena arena, long actions, String path) {
    long address = arena.allocateFrom(path).address();
    added(Libc.call(ADD_OPEN, actions, 0, address, Libc.O_RDWR, 0, 0));
  }

  private static void dup2(long actions, int from, int to) {
    added(Libc.call(ADD_DUP2, actions, from, to));
  }

  /** These functions return the error itself, and only for want of memory. */
  private static void added(int error) {
    Descriptor.check("file actions", -error);
  }

  private static long attributes(Arena arena) {
    MemorySegment attributes = arena.allocate(ATTRIBUTES_BYTES, 16);
    Libc.call(ATTRIBUTES_INIT, attributes.address());
    MemorySegment none = arena.allocate(SIGNAL_SET_BYTES, 8);
    MemorySegment all = arena.allocate(SIGNAL_SET_BYTES, 8).fill((byte) 0xFF);
    Libc.call(SET_DEFAULT, attributes.address(), all.address());
    Libc.call(SET_MASK, attributes.address(), none.address());
    Libc.call(SET_FLAGS, attributes.address(), SETSIGDEF | SETSIGMASK | SETSID);
    return attributes.address();
  }

  /** The program as it is named, or the first of that name in its PATH that may be run. */
  private Launch search(Arena arena, Prepared prepared) {
    String program = command.getFirst();
    if (program.indexOf('/') >= 0) {
      return launched(program, prepared.spawn(arena, program));
    }
    int refused = -Libc.ENOENT;
    for (String entry : env.getOrDefault("PATH", "").split(":", -1)) {
      String candidate = inDirectory(entry) + "/" + program;
      int result = Libc.call(ACCESS, arena.allocateFrom(candidate).address(), X_OK);
      if (result == 0) {
        result = prepared.spawn(arena, candidate);
      }
      switch (result) {
        case -Libc.ENOENT, -Libc.ENOTDIR -> {}
        case -Libc.EACCES -> refused = result;
        default -> {
          return launched(candidate, result);
        }
      }
    }
    return launched(program, refused);
  }

  /** An entry of PATH means a directory of the process: an empty one its working directory. */
  private String inDirectory(String entry) {
    if (entry.isEmpty()) {
      return directory;
    }
    return entry.startsWith("/") ? entry : directory + "/" + entry;
  }

  private Launch launched(String program, int result) {
    if (result > 0) {
      return watched(result);
    }
    int code =
        result == -Libc.ENOENT || result == -Libc.ENOTDIR ? Launch.NOT_FOUND : Launch.CANNOT_RUN;
    return new Launch.Failed(code, "exec " + program + ": " + Libc.words(-result));
  }

  /** A process whose end nobody would be told of must not run. */
  private Launch watched(int pid) {
    int pidfd = Libc.call(SYSCALL, PIDFD_OPEN, pid, 0);
    if (pidfd < 0) {
      Libc.call(KILL, -pid, Signals.KILL);
      Libc.call(WAITPID, pid, 0, 0);
      return Launch.Failed.cannotRun("pidfd_open", -pidfd);
    }
    return new Launch.Running(stdio.taken(pid, pidfd));
  }

  /** The addresses of everything but the program. */
  private record Prepared(long actions, long attributes, long argv, long envp) {
    /** The process' id, else the negative errno. */
    int spawn(Arena arena, String program) {
      MemorySegment pid = arena.allocate(JAVA_INT);
      long path = arena.allocateFrom(program).address();
      int error = Libc.call(SPAWN, pid.address(), path, actions, attributes, argv, envp);
      return error == 0 ? pid.get(JAVA_INT, 0) : -error;
    }
  }

  private static long strings(Arena arena, List<String> texts) {
    MemorySegment pointers = arena.allocate(ADDRESS, texts.size() + 1L);
    for (int i = 0; i < texts.size(); i++) {
      pointers.setAtIndex(ADDRESS, i, arena.allocateFrom(texts.get(i)));
    }
    return pointers.address();
  }
}
