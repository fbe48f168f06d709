using System.Diagnostics;
using System.Reflection;
using ActorSocket.Connections;
using ActorSocket.Entities;
using ActorSocket.Sessions;
using ActorSocket.Sockets;

namespace ActorSocket.Api;

/// <summary>Writes down what a node is at, from what any thread may read.</summary>
internal sealed class ServerDump(ActorSocketServer io)
{
    public const int Most = 1000;

    private static readonly string Version =
        typeof(ServerDump).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";

    private readonly ServerServices _server = io.Server;

    /// <param name="most">How many to list of each kind.</param>
    public NodeDump Take(int most) => new(
        _server.Time.GetUtcNow(),
        io.NodeTag,
        OfProcess(),
        new ConnectionsDump(_server.Engine.Sessions.Count, _server.LiveSockets, Waiting(most)),
        [
            .. _server.Namespaces.All.OrderByDescending(static ns => ns.All.Count)
                .ThenBy(static ns => ns.Name, StringComparer.Ordinal)
                .Take(most)
                .Select(ns => Of(ns, most)),
        ],
        _server.Entities.CountByType(),
        _server.Adapter.PeerStates,
        Mailboxes.Busiest(_server.Root, most)
    );

    private static ProcessDump OfProcess()
    {
        using var process = Process.GetCurrentProcess();
        return new ProcessDump(
            Version,
            Environment.ProcessId,
            TimeProvider.System.GetUtcNow() - new DateTimeOffset(process.StartTime),
            process.TotalProcessorTime,
            process.Threads.Count,
            ThreadPool.ThreadCount,
            ThreadPool.PendingWorkItemCount,
            ThreadPool.CompletedWorkItemCount,
            Monitor.LockContentionCount,
            process.WorkingSet64,
            GC.GetTotalMemory(forceFullCollection: false)
        );
    }

    private IReadOnlyList<ConnectionDump> Waiting(int most) =>
    [
        .. _server.Engine.Sessions.All.Select(static connection => Of(connection))
            .Where(static connection =>
                connection is { EventsWaiting: > 0 } or { BytesToSend: > 0 } or { AnswersOwed: > 0 } or { Connecting: > 0 }
                    or { IsEnding: true }
                || connection.Sockets.Any(static socket => socket.HandlersAwaited > 0 || socket.At is not null))
            .OrderByDescending(static connection => connection.EventsWaiting)
            .ThenByDescending(static connection => connection.BytesToSend)
            .Take(most),
    ];

    private static ConnectionDump Of(EngineConnection connection)
    {
        var (packets, bytes) = connection.Outbound.Waiting;
        var namespaces = (connection.Consumer as ClientConnection)?.Namespaces;
        return new ConnectionDump(
            connection.Handshake.Address,
            connection.TransportName,
            connection.ClosedBecause is not null,
            connection.Backlog.Packets,
            connection.Backlog.Bytes,
            packets,
            bytes,
            connection.Outbound.HasParkedPoll,
            connection.Backlog.AnswersOwed,
            namespaces?.UnderWay ?? 0,
            [.. namespaces?.Readers().OfType<Socket>().Select(static socket => Of(socket)) ?? []]
        );
    }

    private static SocketDump Of(Socket socket)
    {
        var (messages, at) = Mailboxes.Of(socket.Actor);
        var handling = socket.Handling;
        return new SocketDump(
            socket.Connection.IsRevision3 ? "" : socket.Id,
            socket.Namespace.Name,
            handling.Event,
            handling.Running,
            handling.RunningFor,
            messages,
            at
        );
    }

    private static NamespaceDump Of(NamespaceServices ns, int most) => new(
        ns.Name,
        ns.All.Count,
        ns.RoomCount,
        ns.Rooms.Count(static room => !room.Value.Announced.IsCompleted),
        Mailboxes.Of(ns.Actor).Messages,
        [
            .. ns.Rooms.Select(static room => new RoomDump(room.Key, room.Value.Count))
                .OrderByDescending(static room => room.Members)
                .Take(most),
        ]
    );
}
