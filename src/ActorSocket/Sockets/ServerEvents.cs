using ActorSocket.Configuration;
using ActorSocket.Diagnostics;
using ActorSocket.Emitting;
using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Sockets;

/// <summary>The events between servers in one namespace: emits to the others, and what this node does with theirs.</summary>
internal sealed class ServerEvents(NamespaceServices ns)
{
    private readonly HandlerTable _handlers = new();

    public void Emit<TArgs>(string eventName, in TArgs args)
        where TArgs : struct, IEventArguments
    {
        ThrowIfReserved(eventName);
        ns.Server.Adapter.Raise(AddressableName, eventName, ns.Server.Json.ToJsonArray(args));
    }

    public async Task<IReadOnlyList<T?>> AskAsync<T>(
        string eventName, IReadOnlyList<object?> args, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        ThrowIfReserved(eventName);
        ArgumentNullException.ThrowIfNull(args);
        var (server, json) = (ns.Server, ns.Server.Json.ToJsonArray(new ArgumentList(args)));
        var (answers, missing) = await server.Adapter
            .AskNodesAsync(AddressableName, eventName, json, timeout ?? server.Adapter.RequestTimeout, cancellationToken)
            .ConfigureAwait(false);
        var responses = answers.Select(answer => server.Json.FromJsonArray(answer)).ToArray();
        return missing == 0
            ? Array.ConvertAll(responses, static response => response.ToOwnAnswer<T>())
            : throw AckTimeoutException.OfNodes(missing, responses);
    }

    public IDisposable On(string eventName, Delegate handler)
    {
        ThrowIfReserved(eventName);
        Callback.ThrowIfAsyncVoid(handler);
        if (Array.Exists(handler.Method.GetParameters(), static parameter => parameter.ParameterType == typeof(Socket)))
            throw new ArgumentException("An event between servers comes from no socket.", nameof(handler));
        if (HandlerBinder.HasStream(handler.GetType()))
            throw new ArgumentException("An event between servers brings no stream, and is answered with none.", nameof(handler));
        return _handlers.Add(eventName, handler, ns.Server.Binder.Bind(handler), once: false);
    }

    /// <summary>
    /// Runs this node's handlers for an event of another node: what its messages lead to. Never throws.
    /// </summary>
    /// <param name="eventName">The event.</param>
    /// <param name="arguments">A JSON array.</param>
    /// <returns>
    /// The node's answer as soon as there is one, a JSON array; null when the handlers have ended without any, or there is no handler, or
    /// one failed first. A handler that has taken the acknowledgement may answer later: whoever asks bounds the wait.
    /// </returns>
    public async Task<byte[]?> RaiseAsync(string eventName, ReadOnlyMemory<byte> arguments)
    {
        var answer = new ServerEventAnswer(ns.Server.Json);
        var running = InvokeAsync(eventName, arguments, answer);
        await Task.WhenAny(running, answer.Given).ConfigureAwait(false);
        return answer.Given.IsCompleted || (answer.IsTaken && await running.ConfigureAwait(false))
            ? await answer.Given.ConfigureAwait(false)
            : null;
    }

    /// <summary>False when one has failed.</summary>
    private async Task<bool> InvokeAsync(string eventName, ReadOnlyMemory<byte> arguments, ServerEventAnswer answer)
    {
        try
        {
            var call = new HandlerCall(
                null,
                new SocketIoPacket(
                    SocketIoPacketType.Event,
                    ns.Name,
                    -1,
                    eventName,
                    ns.Server.Json.FromJsonArray(arguments.Span),
                    arguments.Length
                ),
                answer
            );
            foreach (var handler in _handlers.Find(eventName).Concat(ns.Parent?.ServerEvents._handlers.Find(eventName) ?? []))
                await handler.Invoke(handler.Handler, call).ConfigureAwait(false);
            return true;
        }
        catch (Exception error)
        {
            ns.Server.Log.HandlerFailed(error, ns.MetricsName);
            return false;
        }
    }

    /// <summary>A template's own name means nothing to other nodes.</summary>
    private string AddressableName => ns.Children is null ? ns.Name : throw new NotSupportedException(
        "ServerSide is not supported on the template of dynamic namespaces: emit in each namespace.");

    private static void ThrowIfReserved(string eventName)
    {
        ArgumentNullException.ThrowIfNull(eventName);
        if (eventName is "connect" or "connection" or "new_namespace")
            throw new ArgumentException(
                $"\"{eventName}\" is a reserved event name: {EventNames.InsteadOfHandling(eventName)}.",
                nameof(eventName)
            );
    }

    /// <summary>The first answer of this node's handlers.</summary>
    private sealed class ServerEventAnswer(SocketJson json) : IAnswerSink
    {
        private readonly TaskCompletionSource<byte[]> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<byte[]> Given => _answer.Task;

        public bool IsWanted => !_answer.Task.IsCompleted;

        public bool IsTaken { get; private set; }

        public void OnTaken() => IsTaken = true;

        public void Answer<TArgs>(in TArgs args)
            where TArgs : struct, IEventArguments
        {
            if (IsWanted)
                _answer.TrySetResult(json.ToJsonArray(args));
        }
    }
}
