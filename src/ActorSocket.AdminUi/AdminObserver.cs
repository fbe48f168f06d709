using System.Globalization;
using System.Text.Json;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Sockets;

namespace ActorSocket.AdminUi;

/// <summary>Tells the administrators of all nodes what happens to the sockets of this one: in development, while somebody looks.</summary>
/// <remarks>
/// Who comes, moves and goes is told always: an administrator who does not read is disconnected as any client is, and gets all sockets
/// anew. Events of clients are shown up to a number a second, and up to a size: the UI itself keeps the last thousand.
/// </remarks>
internal sealed class AdminObserver(Namespace admin) : IServerObserver
{
    public const int EventsPerSecond = 1000;
    public const int MaxEventBytes = 16 * 1024;

    private readonly ServerServices _server = admin.Services.Server;
    private readonly Lock _gate = new();
    private long _second;
    private int _shown;
    private int _leftOut;

    public void Connected(Socket socket) => Tell("socket_connected", (socket, this), static (json, x) =>
    {
        AdminJson.WriteSocket(json, x.socket);
        json.WriteStringValue(x.Item2.Now);
    });

    public void Disconnected(Socket socket, DisconnectReason reason)
    {
        Tell("socket_disconnected", (socket, reason, this), static (json, x) =>
        {
            json.WriteStringValue(x.socket.Namespace.Name);
            json.WriteStringValue(x.socket.Id);
            json.WriteStringValue(x.reason.ToString());
            json.WriteStringValue(x.Item3.Now);
        });
        foreach (var room in socket.CurrentRooms)
            Left(socket, room);
    }

    public void Joined(Socket socket, string room) => Move("room_joined", socket, room);

    public void Left(Socket socket, string room) => Move("room_left", socket, room);

    public void Received(Socket socket, string eventName, SocketArguments arguments)
    {
        if (MayShow(socket))
            Show("event_received", socket, eventName, arguments);
    }

    public void Sent(Socket socket, EncodedFrame frame)
    {
        if (!MayShow(socket))
            return;
        try
        {
            if (_server.Read(frame) is { EventName: { } name } packet)
                Show("event_sent", socket, name, packet.Arguments);
        }
        catch (FormatException)
        {
            // A parser of the application's that does not read what it has written: its clients will say so.
        }
    }

    public void DataChanged(Socket socket) => Tell("socket_updated", socket, static (json, socket) =>
    {
        WriteUpdateOf(json, socket);
        json.WritePropertyName("data"u8);
        AdminJson.WriteDataOf(json, socket);
        json.WriteEndObject();
    });

    public void Upgraded(Socket socket) => Tell("socket_updated", socket, static (json, socket) =>
    {
        WriteUpdateOf(json, socket);
        json.WriteString("transport"u8, socket.Transport);
        json.WriteEndObject();
    });

    private string Now => AdminJson.TextOf(_server.Time.GetUtcNow());

    private static void WriteUpdateOf(Utf8JsonWriter json, Socket socket)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, socket.Id);
        json.WriteString("nsp"u8, socket.Namespace.Name);
    }

    private void Move(string kind, Socket socket, string room) => Tell(kind, (socket, room, this), static (json, x) =>
    {
        json.WriteStringValue(x.socket.Namespace.Name);
        json.WriteStringValue(x.room);
        json.WriteStringValue(x.socket.Id);
        json.WriteStringValue(x.Item3.Now);
    });

    /// <summary>What is told to administrators is not told to them in turn.</summary>
    private bool MayShow(Socket socket)
    {
        if (ReferenceEquals(socket.Namespace, admin))
            return false;
        int leftOut;
        lock (_gate)
        {
            var second = _server.Time.GetTimestamp() / _server.Time.TimestampFrequency;
            if (second == _second && _shown == EventsPerSecond)
            {
                _leftOut++;
                return false;
            }
            if (second != _second)
                (_second, _shown) = (second, 0);
            _shown++;
            (leftOut, _leftOut) = (_leftOut, 0);
        }
        if (leftOut > 0)
        {
            var said = $"({leftOut.ToString(CultureInfo.InvariantCulture)} events are not shown)";
            Show("event_received", socket, said, SocketArguments.Empty);
        }
        return true;
    }

    private void Show(string kind, Socket socket, string eventName, SocketArguments arguments)
    {
        var size = arguments.HeldBytes;
        Tell(kind, (socket, eventName, arguments, size, this), static (json, x) =>
        {
            json.WriteStringValue(x.socket.Namespace.Name);
            json.WriteStringValue(x.socket.Id);
            json.WriteStartArray();
            json.WriteStringValue(x.eventName);
            if (x.size > MaxEventBytes)
                json.WriteStringValue($"({x.size.ToString(CultureInfo.InvariantCulture)} bytes, not shown)");
            else
            {
                foreach (var argument in x.arguments)
                    json.WriteRawValue(argument.Utf8Json, skipInputValidation: true);
            }
            json.WriteEndArray();
            json.WriteStringValue(x.Item5.Now);
        }, size > MaxEventBytes ? [] : arguments.Attachments);
    }

    private void Tell<T>(string eventName, T what, Action<Utf8JsonWriter, T> write, byte[][]? attachments = null)
    {
        try
        {
            admin.Emit(eventName, AdminJson.Arguments(_server, what, write, attachments));
        }
        catch (Exception error) // a text that is none, say: what happened goes on all the same
        {
            _server.Log.AdminNotTold(error);
        }
    }
}
