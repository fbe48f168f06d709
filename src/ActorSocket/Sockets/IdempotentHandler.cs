namespace ActorSocket.Sockets;

/// <summary>A handler that runs once for each key.</summary>
internal sealed class IdempotentHandler(
    Namespace ns,
    string eventName,
    string scope,
    Func<SocketArguments, string?> keyOf,
    HandlerInvoker invoke
)
{
    private readonly string _scope = ns.Services.Parent is null ? scope : $"{ns.Name}\n{scope}"; // it shares its table with others

    public ValueTask InvokeAsync(Delegate handler, HandlerCall call) =>
        keyOf(call.Arguments) is { } key
            ? new ValueTask(InvokeOnceAsync(handler, call, new IdempotencyKey(_scope, eventName, key)))
            : invoke(handler, call);

    private async Task InvokeOnceAsync(Delegate handler, HandlerCall call, IdempotencyKey key)
    {
        while (true)
        {
            var isNew = ns.Idempotency.TryBegin(key, out var remembered);
            remembered.AnswerTo(call.Ack(), call.HeldBytes);
            if (isNew)
            {
                await RunAsync(handler, call, remembered).ConfigureAwait(false);
                return;
            }
            // One that failed while this one waited leaves its place to it.
            if (await remembered.Ended.ConfigureAwait(false))
                return;
        }
    }

    private async Task RunAsync(Delegate handler, HandlerCall call, RememberedEvent remembered)
    {
        var failed = true;
        try
        {
            await invoke(handler, call.AnsweredInto(remembered)).ConfigureAwait(false);
            failed = false;
        }
        finally
        {
            remembered.End(failed);
        }
    }
}
