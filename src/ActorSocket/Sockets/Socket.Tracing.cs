using System.Diagnostics;
using System.Text.Json;
using ActorSocket.Diagnostics;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Sockets;

namespace ActorSocket;

// What of it is traced, while somebody listens to the activity source.
public sealed partial class Socket
{
    private Activity? _connect; // what its events are linked to

    /// <summary>Its client connects: from here on until the middleware has let it in.</summary>
    internal Activity? StartConnect() =>
        _connect = ActorSocketActivity.StartConnect(Namespace.Services.MetricsName, TraceContext("traceparent", "tracestate"));

    private async ValueTask TraceConnectionAsync()
    {
        using var activity = ActorSocketActivity.StartConnection(Namespace.Services.MetricsName, _connect);
        try
        {
            await Namespace.Services.RaiseConnectionAsync(this).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            activity?.Failed(error, refusal: null);
            throw;
        }
    }

    private async ValueTask TraceEventAsync(SocketIoPacket packet, string name)
    {
        var isHandled = HandlerTable.Next(_handlers.For(name), name, 0) >= 0;
        using var activity = ActorSocketActivity.StartProcess(
            Namespace.Services.MetricsName,
            isHandled ? name : null,
            packet.SizeInBytes,
            Namespace.Services.Server.Options.ReadTraceParent?.Invoke(packet.Arguments),
            _connect
        );
        try
        {
            await PassAsync(packet, name).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            var isClients = ErrorAnswers.RefusalOf(error) is not null || UnreadableArgument.ForClient(error) is not null;
            activity?.Failed(error, isClients ? ErrorAnswers.CodeOf(error) : null);
            throw;
        }
    }

    /// <summary>The context that its client is in: of this namespace's <c>auth</c> payload, or of the request.</summary>
    private string? TraceContext(string parent, string state)
    {
        if (TextOf(parent) is not { } id)
            return null;
        return TextOf(state) is { } more ? $"{id} {more}" : id;

        string? TextOf(string name)
        {
            var auth = Handshake.Auth;
            return auth.ValueKind == JsonValueKind.Object && auth.TryGetProperty(name, out var own) && own.ValueKind == JsonValueKind.String
                ? own.GetString()
                : Handshake.Headers.GetValueOrDefault(name);
        }
    }
}
