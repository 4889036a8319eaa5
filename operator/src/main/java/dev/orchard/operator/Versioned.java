package dev.orchard.operator;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import java.net.HttpURLConnection;

/**
 * Writes that stand only if nobody has written since what they were decided on: every decision here
 * rests on the whole object, and a terminal outcome must never be written over.
 */
public final class Versioned {
  private Versioned() {}

  /**
   * Replaces the status if the object is still at this resource version. If not (false), the newer
   * one brings its own event, and there is nothing to do until then.
   */
  public static <P extends HasMetadata> boolean updateStatus(Context<P> context, P primary) {
    try {
      context.resourceOperations().updatePrimaryStatus(primary);
      return true;
    } catch (KubernetesClientException e) {
      if (overtaken(e)) {
        return false;
      }
      throw e;
    }
  }

  /** Deletes the object if it is still at this resource version, else does nothing. */
  public static <P extends HasMetadata> void delete(Context<P> context, P primary) {
    try {
      context
          .getClient()
          .resource(primary)
          .lockResourceVersion(primary.getMetadata().getResourceVersion())
          .delete();
    } catch (KubernetesClientException e) {
      if (!overtaken(e)) {
        throw e;
      }
    }
  }

  private static boolean overtaken(KubernetesClientException e) {
    return e.getCode() == HttpURLConnection.HTTP_CONFLICT
        || e.getCode() == HttpURLConnection.HTTP_NOT_FOUND;
  }
}
