package dev.orchard.exec.link;

import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.orchard.proto.frame.v1.Frame;
import dev.orchard.proto.frame.v1.Output;
import dev.orchard.proto.frame.v1.Stdin;
import dev.orchard.proto.guest.v1.ExecInput;
import dev.orchard.proto.guest.v1.ExecOutput;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.core.ConditionFactory;
import org.jspecify.annotations.Nullable;

/** A call of {@link EchoAgent}: it sends the bytes of a known sequence and checks what returns. */
final class EchoCall extends ClientCall.Listener<ExecOutput> {
  private final ClientCall<ExecInput, ExecOutput> call;
  private final Semaphore readiness = new Semaphore(0);
  private final AtomicLong returned = new AtomicLong();
  private long sent;
  private volatile boolean reading;
  private volatile @Nullable Status status;
  private volatile @Nullable String fault;

  EchoCall(Channel channel, MethodDescriptor<ExecInput, ExecOutput> method) {
    call = channel.newCall(method, CallOptions.DEFAULT.withWaitForReady());
    call.start(this, new Metadata());
  }

  ClientCall<ExecInput, ExecOutput> call() {
    return call;
  }

  /** From now on everything that comes is read. */
  void read() {
    reading = true;
    call.request(1);
  }

  void send(int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = at(sent + i);
    }
    Stdin stdin =
        Stdin.newBuilder().setOffset(sent).setData(UnsafeByteOperations.unsafeWrap(bytes)).build();
    sent += length;
    call.sendMessage(ExecInput.newBuilder().setFrame(Frame.newBuilder().setStdin(stdin)).build());
  }

  long sent() {
    return sent;
  }

  void awaitReady() throws InterruptedException {
    while (!call.isReady() && status == null) {
      readiness.acquire();
    }
  }

  void awaitReturned(long bytes) {
    poll().until(() -> returned.get() >= bytes || status != null);
  }

  private static ConditionFactory poll() {
    return await().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(1));
  }

  Status awaitStatus() {
    poll().until(() -> status != null);
    return Objects.requireNonNull(status);
  }

  long returned() {
    return returned.get();
  }

  @Nullable String fault() {
    return fault;
  }

  @Override
  public void onReady() {
    readiness.release();
  }

  @Override
  public void onMessage(ExecOutput message) {
    Output output = message.getFrame().getStdout();
    ByteString data = output.getData();
    long offset = returned.get();
    if (output.getOffset() != offset) {
      fault = "offset %d at %d".formatted(output.getOffset(), offset);
    }
    for (int i = 0; i < data.size(); i++) {
      if (data.byteAt(i) != at(offset + i)) {
        fault = "wrong byte at " + (offset + i);
      }
    }
    returned.addAndGet(data.size());
    if (reading) {
      call.request(1);
    }
  }

  @Override
  public void onClose(Status status, Metadata trailers) {
    this.status = status;
    readiness.release();
  }

  private static byte at(long offset) {
    return (byte) ((offset * 31) >>> 5);
  }
}
