using System.Runtime.ExceptionServices;

namespace ActorSocket;

/// <summary>One socket of any node, with a time limit for its answer. Immutable.</summary>
public sealed class RemoteSocketOperator : IAckEmitter
{
    private readonly Namespace _namespace;
    private readonly BroadcastOperator _socket;

    internal RemoteSocketOperator(Namespace ns, BroadcastOperator socket) => (_namespace, _socket) = (ns, socket);

    /// <inheritdoc cref="RemoteSocket.Timeout"/>
    public RemoteSocketOperator Timeout(TimeSpan timeout) => new(_namespace, _socket.Timeout(timeout));

    /// <inheritdoc/>
    public void Emit<TArgs>(string eventName, in TArgs args)
        where TArgs : struct, IEventArguments => _socket.Emit(eventName, args);

    /// <summary>
    /// Asks the client and waits for the first argument of its acknowledgement, within the limit of <see cref="Timeout"/>. Official:
    /// <c>emitWithAck</c>.
    /// </summary>
    /// <exception cref="InvalidOperationException">It is not connected any more.</exception>
    /// <inheritdoc/>
    public async Task<T?> EmitWithAckCoreAsync<T>(
        string eventName, IReadOnlyList<object?> args, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<T?> answers;
        try
        {
            answers = await _socket.EmitWithAckCoreAsync<T>(eventName, args, cancellationToken).ConfigureAwait(false);
        }
        catch (AckTimeoutException other) when (other is { Missing: 0, Errors: [var error] })
        {
            // It did answer: fails as a socket of this node does.
            ExceptionDispatchInfo.Throw(error);
            throw;
        }
        return answers.Count > 0 ? answers[0] : throw new InvalidOperationException("The socket is not connected any more.");
    }

    /// <summary>As it would travel, whatever it is made of.</summary>
    internal SocketArguments Encoded<TArgs>(in TArgs args)
        where TArgs : struct, IEventArguments => _namespace.Services.Server.Json.Capture(args);
}
