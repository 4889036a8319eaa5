package dev.orchard.crds;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.ConditionBuilder;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The list of a status' conditions: at most one of each type, in the order in which the types first
 * appeared.
 */
public final class Conditions {
  /** Holds. */
  public static final String TRUE = "True";

  /** Does not hold. */
  public static final String FALSE = "False";

  /** Nobody who could know has said so lately. */
  public static final String UNKNOWN = "Unknown";

  /** Characters of a message that the schema allows. */
  private static final int MAX_MESSAGE = 32768;

  private Conditions() {}

  /**
   * A condition that changed now; {@link #with} corrects the time where nothing changed. A message
   * that is too long is cut off.
   */
  public static Condition of(
      String type, String status, String reason, String message, Instant now) {
    return new ConditionBuilder()
        .withType(type)
        .withStatus(status)
        .withReason(reason)
        .withMessage(message.substring(0, Math.min(message.length(), MAX_MESSAGE)))
        .withLastTransitionTime(now.truncatedTo(ChronoUnit.SECONDS).toString())
        .build();
  }

  public static Optional<Condition> find(List<Condition> conditions, String type) {
    return conditions.stream().filter(c -> type.equals(c.getType())).findFirst();
  }

  public static boolean isTrue(List<Condition> conditions, String type) {
    return find(conditions, type).filter(c -> TRUE.equals(c.getStatus())).isPresent();
  }

  /**
   * A copy with this condition in place of the one of its type. The time of the last transition
   * stays while the status (True, False, Unknown) stays, whatever becomes of reason and message.
   */
  public static List<Condition> with(List<Condition> conditions, Condition condition) {
    List<Condition> copy = new ArrayList<>(conditions);
    for (int i = 0; i < copy.size(); i++) {
      Condition old = copy.get(i);
      if (old.getType().equals(condition.getType())) {
        boolean same = old.getStatus().equals(condition.getStatus());
        copy.set(
            i,
            same
                ? new ConditionBuilder(condition)
                    .withLastTransitionTime(old.getLastTransitionTime())
                    .build()
                : condition);
        return List.copyOf(copy);
      }
    }
    copy.add(condition);
    return List.copyOf(copy);
  }
}
