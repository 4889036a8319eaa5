package dev.orchard.it;

import static org.junit.jupiter.api.Assumptions.abort;

/** What a test needs of the machine: without it the test fails in CI and is skipped elsewhere. */
public final class Prerequisite {
  private Prerequisite() {}

  /**
   * Returns if it is there.
   *
   * @param missing what is not, and what to install
   */
  public static void require(boolean there, String missing) {
    if (there) {
      return;
    }
    if (System.getenv("CI") == null) {
      abort(missing);
    }
    throw new AssertionError(missing);
  }
}
