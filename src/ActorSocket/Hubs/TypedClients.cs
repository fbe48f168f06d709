using System.ComponentModel;
using ActorSocket.Emitting;
using ActorSocket.Hubs;

namespace ActorSocket;

/// <summary>What the classes that the compiler generates for <c>As&lt;TClient&gt;()</c> call.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class TypedClients
{
    /// <summary>Has the interface implemented by a generated class from now on.</summary>
    public static void Register<TClient>(Func<IEventEmitter, TClient> create)
        where TClient : class => TypedClient<TClient>.Factory = create;

    /// <summary>Asks one client for an acknowledgement.</summary>
    /// <exception cref="NotSupportedException">The emitter is no single socket.</exception>
    public static Task<T?> AskAsync<TArgs, T>(IEventEmitter emitter, string eventName, in TArgs args, CancellationToken cancellationToken)
        where TArgs : struct, IEventArguments => emitter switch
        {
            Socket socket => new SocketOperator(socket, EmitFlags.None).AskAsync<TArgs, T>(eventName, args, cancellationToken),
            SocketOperator socket => socket.AskAsync<TArgs, T>(eventName, args, cancellationToken),
            RemoteSocket socket => AskRemoteAsync<TArgs, T>(socket.WithinDefault, eventName, args, cancellationToken),
            RemoteSocketOperator socket => AskRemoteAsync<TArgs, T>(socket, eventName, args, cancellationToken),
            _ => throw new NotSupportedException(
                $"\"{eventName}\" asks for one answer, which only a single socket can give; ask several with EmitWithAckAsync."
            ),
        };

    private static Task<T?> AskRemoteAsync<TArgs, T>(
        RemoteSocketOperator socket, string eventName, in TArgs args, CancellationToken cancellationToken)
        where TArgs : struct, IEventArguments => socket.EmitWithAckCoreAsync<T>(eventName, [socket.Encoded(args)], cancellationToken);
}
