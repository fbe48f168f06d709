using System.Buffers;

namespace ActorSocket.EventLoops;

/// <summary>What is left of a write that the kernel did not take at once.</summary>
internal sealed class SocketWrite(ReadOnlySequence<byte> rest) : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public ReadOnlySequence<byte> Rest { get; set; } = rest;
}
