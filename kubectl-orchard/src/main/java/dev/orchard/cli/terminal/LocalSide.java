package dev.orchard.cli.terminal;

import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Map;

/**
 * All that a run touches on this machine, so that one inside another program touches only what it
 * is given. The streams are not closed by a run.
 *
 * @param home where {@code .kube/config} is looked for
 */
public record LocalSide(
    InputStream stdin,
    OutputStream stdout,
    OutputStream stderr,
    Map<String, String> environment,
    Path home,
    Terminal terminal,
    Signals signals) {}
