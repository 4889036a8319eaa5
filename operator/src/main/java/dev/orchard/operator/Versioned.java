package dev.orchard.operator;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
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
   *
   * <p>The write goes past the SDK's own, which would keep its event from us: an event of another
   * kind that came meanwhile was mapped by a cache without this write, and only our own event makes
   * good for it.
   */
  public static boolean updateStatus(KubernetesClient client, HasMetadata resource) {
    try {
      client.resource(resource).updateStatus();
      return true;
    } catch (KubernetesClientException e) {
      if (overtaken(e)) {
        return false;
      }
      throw e;
    }
  }

  /** Deletes the object if it is still at this resource version, else does nothing. */
  public static void delete(KubernetesClient client, HasMetadata resource) {
    try {
      client
          .resource(resource)
          .lockResourceVersion(resource.getMetadata().getResourceVersion())
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
