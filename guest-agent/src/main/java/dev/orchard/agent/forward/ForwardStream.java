package dev.orchard.agent.forward;

import com.google.protobuf.ByteString;
import dev.orchard.exec.forward.ForwardFrame;
import dev.orchard.proto.forward.v1.FailureCode;
import dev.orchard.proto.guest.v1.Connect;
import dev.orchard.proto.guest.v1.ForwardInput;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection. A virtual thread of its own connects, reads the socket while the stream has room
 * and is the only one that sends; another one writes what came to the socket and then asks for
 * more. The calls' threads only hand on, and cut the socket when the worker leaves.
 */
final class ForwardStream implements StreamObserver<ForwardInput> {
  private static final Logger log = LoggerFactory.getLogger(ForwardStream.class);
  private static final int MAX_PORT = 65_535;

  /** What the socket's writing thread is told. */
  private sealed interface Input {
    record Data(ByteString bytes) implements Input {}

    record End() implements Input {}

    record Gone() implements Input {}
  }

  private final String instance;
  private final Semaphore slots;
  private final ServerCallStreamObserver<dev.orchard.proto.forward.v1.ForwardFrame> output;
  private final Semaphore room = new Semaphore(0);

  /** One message that was asked for, and the end. */
  private final BlockingQueue<Input> inputs = new LinkedBlockingQueue<>();

  private final CountDownLatch written = new CountDownLatch(1);
  private final AtomicReference<@Nullable SocketChannel> socket = new AtomicReference<>();
  private final AtomicReference<ForwardFrame.@Nullable Failed> failure = new AtomicReference<>();
  private volatile boolean gone;
  private boolean begun;

  ForwardStream(
      String instance,
      Semaphore slots,
      ServerCallStreamObserver<dev.orchard.proto.forward.v1.ForwardFrame> output) {
    this.instance = instance;
    this.slots = slots;
    this.output = output;
  }

  /** Lets the first message come. Before the service's method returns. */
  void open() {
    output.disableAutoRequest();
    output.setOnReadyHandler(room::release);
    output.setOnCancelHandler(this::leave);
    output.request(1);
  }

  @Override
  public void onNext(ForwardInput input) {
    try {
      if (!begun) {
        begun = true;
        int port = port(input);
        Thread.ofVirtual().name("forward-" + port).start(() -> run(port));
        return;
      }
      switch (ForwardFrame.decode(input.getFrame())) {
        case ForwardFrame.Data(ByteString bytes) -> inputs.add(new Input.Data(bytes));
        case ForwardFrame.HalfClose() -> inputs.add(new Input.End());
        case ForwardFrame.Opened(), ForwardFrame.Failed(_, _) ->
            throw new IllegalArgumentException("frame: only agents send it");
      }
    } catch (IllegalArgumentException e) {
      refuse(String.valueOf(e.getMessage()));
    }
  }

  private int port(ForwardInput input) {
    Connect connect = input.getConnect();
    if (!input.hasConnect() || connect.getPort() < 1 || connect.getPort() > MAX_PORT) {
      throw new IllegalArgumentException("connect.port: is not 1 to " + MAX_PORT);
    }
    if (!connect.getInstance().equals(instance)) {
      throw new IllegalArgumentException(
          "connect.instance: another agent is meant, this is " + instance);
    }
    return connect.getPort();
  }

  private void refuse(String why) {
    ForwardFrame.Failed failed = new ForwardFrame.Failed(FailureCode.INVALID, why);
    if (socket.get() == null) {
      send(failed);
      output.onCompleted();
    } else {
      fail(failed);
    }
  }

  @Override
  public void onCompleted() {
    if (begun) {
      inputs.add(new Input.End());
    } else {
      output.onCompleted();
    }
  }

  @Override
  public void onError(Throwable error) {
    leave();
  }

  /** The worker has left: the program that was spoken to sees a reset, not an end. */
  private void leave() {
    gone = true;
    fail(new ForwardFrame.Failed(FailureCode.BROKEN, "the worker has left"));
    room.release();
  }

  /** The first reason is the one that is told. */
  private void fail(ForwardFrame.Failed why) {
    failure.compareAndSet(null, why);
    inputs.add(new Input.Gone());
    SocketChannel open = socket.get();
    if (open != null) {
      reset(open);
    }
  }

  private static void reset(SocketChannel open) {
    try {
      open.setOption(StandardSocketOptions.SO_LINGER, 0);
    } catch (IOException e) {
      log.debug("socket cannot be reset: {}", e.getMessage());
    }
    close(open);
  }

  private static void close(SocketChannel open) {
    try {
      open.close();
    } catch (IOException e) {
      log.debug("socket did not close: {}", e.getMessage());
    }
  }

  private void run(int port) {
    if (!slots.tryAcquire()) {
      end(
          new ForwardFrame.Failed(
              FailureCode.TOO_MANY,
              "%d connections are forwarded already".formatted(Forwards.MAX_FORWARDS)));
      return;
    }
    try {
      connected(Loopback.connect(port, this::takes));
      end(null);
    } catch (ConnectException e) {
      end(
          new ForwardFrame.Failed(
              FailureCode.REFUSED,
              "nothing listens on port %d: %s".formatted(port, e.getMessage())));
    } catch (IOException e) {
      end(new ForwardFrame.Failed(FailureCode.BROKEN, "port %d: %s".formatted(port, e)));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      slots.release();
    }
  }

  private boolean takes(SocketChannel channel) {
    socket.set(channel);
    return !gone;
  }

  private void connected(SocketChannel open) throws InterruptedException {
    send(new ForwardFrame.Opened());
    Thread writer = Thread.ofVirtual().name("forward-writer").start(() -> write(open));
    try {
      read(open);
      written.await();
    } catch (IOException e) {
      fail(new ForwardFrame.Failed(FailureCode.BROKEN, "the connection broke: " + e.getMessage()));
    } finally {
      close(open);
      writer.join();
    }
  }

  private void read(SocketChannel open) throws IOException, InterruptedException {
    ByteBuffer buffer = ByteBuffer.allocate(ForwardFrame.MAX_DATA);
    while (awaitRoom() && open.read(buffer.clear()) >= 0) {
      send(new ForwardFrame.Data(ByteString.copyFrom(buffer.flip())));
    }
    send(new ForwardFrame.HalfClose());
  }

  private boolean awaitRoom() throws InterruptedException {
    while (!gone && !output.isReady()) {
      room.acquire();
    }
    return !gone;
  }

  private void write(SocketChannel open) {
    try {
      output.request(1);
      while (true) {
        switch (inputs.take()) {
          case Input.Data(ByteString bytes) -> {
            ByteBuffer buffer = bytes.asReadOnlyByteBuffer();
            while (buffer.hasRemaining()) {
              open.write(buffer);
            }
            output.request(1);
          }
          case Input.End() -> {
            open.shutdownOutput();
            return;
          }
          case Input.Gone() -> {
            return;
          }
        }
      }
    } catch (IOException e) {
      fail(new ForwardFrame.Failed(FailureCode.BROKEN, "the program has left: " + e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      written.countDown();
    }
  }

  /** The last word, unless a failure came before. */
  private void end(ForwardFrame.@Nullable Failed last) {
    ForwardFrame.Failed first = failure.get();
    if (first != null || last != null) {
      send(first != null ? first : last);
    }
    if (!gone) {
      output.onCompleted();
    }
  }

  private void send(@Nullable ForwardFrame frame) {
    if (frame != null && !gone) {
      output.onNext(frame.encode());
    }
  }
}
