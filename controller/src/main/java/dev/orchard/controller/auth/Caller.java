package dev.orchard.controller.auth;

import io.fabric8.kubernetes.client.KubernetesClient;

/**
 * Somebody with a token that the Kubernetes API has not judged yet.
 *
 * @param key same for the same token, and says nothing about it
 * @param client speaks to the Kubernetes API with nothing but the caller's token; never closed
 */
public record Caller(String key, KubernetesClient client) {}
