package dev.orchard.worker.stream;

/**
 * This side of a stream. What comes goes to a {@link StreamListener}. Any thread may call, though
 * one at a time sends.
 */
public interface MessageStream<Q> {
  /** Whether a message goes out without being queued; {@link StreamListener#ready} says when. */
  boolean isReady();

  void send(Q message);

  /** Lets so many more messages come. */
  void request(int messages);

  /** Nothing more is sent. */
  void complete();

  /** Ends both directions at once. */
  void cancel(String why);
}
