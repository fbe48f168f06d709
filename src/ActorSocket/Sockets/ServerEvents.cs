using System.Diagnostics;
using ActorSocket.Configuration;
using ActorSocket.Diagnostics;
using ActorSocket.Emitting;
using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Sockets;

/// <summary>The events between servers in one namespace: emits to the others, and what this node does with theirs.</summary>
internal sealed class ServerEvents(NamespaceServices ns)
{
    private readonly HandlerTable _handlers = new();

    /// <param name="eventName">Its name.</param>
    /// <param name="args">Its arguments.</param>
    /// <param name="isOwn">Whether it is the library's own, which is not traced.</param>
    public void Emit<TArgs>(string eventName, in TArgs args, bool isOwn = false)
        where TArgs : struct, IEventArguments
    {
        ThrowIfReserved(eventName);
        using var activity = StartSend(eventName, isOwn);
        ns.Server.Adapter.Raise(AddressableName, eventName, ns.Server.Json.ToJsonArray(args), TraceOf(isOwn));
    }

    public async Task<IReadOnlyList<T?>> AskAsync<T>(
        string eventName, IReadOnlyList<object?> args, TimeSpan? timeout, CancellationToken cancellationToken, bool isOwn = false)
    {
        ThrowIfReserved(eventName);
        ArgumentNullException.ThrowIfNull(args);
        using var activity = StartSend(eventName, isOwn);
        var (server, json) = (ns.Server, ns.Server.Json.ToJsonArray(new ArgumentList(args)));
        var (answers, missing) = await server.Adapter
            .AskNodesAsync(AddressableName, eventName, json, TraceOf(isOwn), timeout ?? server.Adapter.RequestTimeout, cancellationToken)
            .ConfigureAwait(false);
        var responses = answers.Select(answer => server.Json.FromJsonArray(answer)).ToArray();
        return missing == 0
            ? Array.ConvertAll(responses, static response => response.ToOwnAnswer<T>())
            : throw AckTimeoutException.OfNodes(missing, responses);
    }

    private static string TraceOf(bool isOwn) => isOwn ? "" : ActorSocketActivity.Current;

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
    /// <param name="trace">The context of the node that emitted it; empty when it has none.</param>
    /// <returns>
    /// The node's answer as soon as there is one, a JSON array; null when the handlers have ended without any, or there is no handler, or
    /// one failed first. A handler that has taken the acknowledgement may answer later: whoever asks bounds the wait.
    /// </returns>
    public async Task<byte[]?> RaiseAsync(string eventName, ReadOnlyMemory<byte> arguments, string trace = "")
    {
        var answer = new ServerEventAnswer(ns.Server.Json);
        var running = InvokeAsync(eventName, arguments, answer, trace);
        await Task.WhenAny(running, answer.Given).ConfigureAwait(false);
        return answer.Given.IsCompleted || (answer.IsTaken && await running.ConfigureAwait(false))
            ? await answer.Given.ConfigureAwait(false)
            : null;
    }

    /// <summary>False when one has failed.</summary>
    private async Task<bool> InvokeAsync(string eventName, ReadOnlyMemory<byte> arguments, ServerEventAnswer answer, string trace)
    {
        HandlerTable.Entry[] handlers = [.. _handlers.Find(eventName), .. ns.Parent?.ServerEvents._handlers.Find(eventName) ?? []];
        using var activity = handlers.Length > 0 && trace.Length > 0 && ActorSocketActivity.IsOn
            ? ActorSocketActivity.StartProcess(ns.MetricsName, eventName, arguments.Length, trace, connect: null)
            : null;
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
            foreach (var handler in handlers)
                await handler.Invoke(handler.Handler, call).ConfigureAwait(false);
            return true;
        }
        catch (Exception error)
        {
            activity?.Failed(error, ErrorAnswers.RefusalOf(error) is null ? null : ErrorAnswers.CodeOf(error));
            ns.Server.Log.HandlerFailed(error, ns.MetricsName);
            return false;
        }
    }

    private Activity? StartSend(string eventName, bool isOwn) =>
        ActorSocketActivity.IsOn && !isOwn ? ActorSocketActivity.StartSend(ns.MetricsName, eventName) : null;

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
