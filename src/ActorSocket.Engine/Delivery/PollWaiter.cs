using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Delivery;

/// <summary>A long-polling GET that waits for packets. Answered exactly once.</summary>
internal sealed class PollWaiter
{
    // Asynchronous continuations: the answer is given under the outbound's lock or on the flusher, neither of which may run an HTTP
    // response.
    private readonly TaskCompletionSource<EncodedFrame[]> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<EncodedFrame[]> Answer => _answer.Task;

    public void Complete(params EncodedFrame[] frames) => _answer.TrySetResult(frames);
}
