using System.Diagnostics.CodeAnalysis;
using ActorSocket.Sockets;

namespace ActorSocket.AdminUi;

/// <summary>What administrators do to sockets, one or those of a room or all of a namespace, on whichever node they are.</summary>
internal sealed class AdminActions
{
    // Between the nodes: of a namespace that the node of the administrator does not have.
    private const string Elsewhere = "admin:act";

    private const string Emitting = "emit";
    private const string Joining = "join";
    private const string Leaving = "leave";
    private const string Disconnecting = "_disconnect";

    private readonly ServerServices _server;
    private readonly Namespace _admin;

    public AdminActions(ActorSocketServer io, Namespace admin)
    {
        (_server, _admin) = (io.Server, admin);
        admin.OnServerEvent(Elsewhere, OnElsewhereAsync);
    }

    /// <summary>What the UI offers.</summary>
    public static string[] Features { get; } = ["EMIT", "JOIN", "LEAVE", "DISCONNECT", "MJOIN", "MLEAVE", "MDISCONNECT"];

    public void Register(Socket socket)
    {
        foreach (var action in (string[])[Emitting, Joining, Leaving, Disconnecting])
            socket.On(action, (SocketArguments arguments) => ActAsync(action, arguments));
    }

    private async Task ActAsync(string action, SocketArguments arguments)
    {
        _server.Log.AdminActed(action);
        try
        {
            if (TryFind(arguments[0].As<string>(), out var ns))
                await ActAsync(ns.Everyone, action, arguments, 0).ConfigureAwait(false);
            else
                _admin.ServerSide.Own.Emit(Elsewhere, action, arguments);
        }
        catch (Exception error) when (error
            is ArgumentException or ClusterTimeoutException or SocketsFailedException or NotSupportedException)
        {
            throw new EventException(error.Message, innerException: error); // what the administrator asked for is no fault of ours
        }
    }

    private async Task OnElsewhereAsync(SocketArguments arguments)
    {
        if (TryFind(arguments[1].As<string>(), out var ns))
            await ActAsync(ns.Local, arguments[0].As<string>()!, arguments, 1).ConfigureAwait(false);
    }

    /// <summary>A namespace that there is: none is made for an administrator who mistypes a name.</summary>
    private bool TryFind(string? name, [NotNullWhen(true)] out Namespace? ns)
    {
        ns = name is not null && _server.Namespaces.TryGet(name, out var known) ? known.Face : null;
        return ns is not null;
    }

    /// <param name="all">The sockets of the namespace.</param>
    /// <param name="action">What to do.</param>
    /// <param name="arguments">As the UI gives them, each action in its own order.</param>
    /// <param name="at">Where the namespace stands.</param>
    private static async Task ActAsync(BroadcastOperator all, string action, SocketArguments arguments, int at)
    {
        switch (action)
        {
            case Emitting:
                Within(all, arguments, at + 1).Emit(
                    arguments[at + 2].As<string>()!,
                    new ArgumentList([.. arguments.Skip(at + 3).Select(static argument => (object?)argument)])
                );
                break;
            case Joining:
                await Within(all, arguments, at + 2).SocketsJoinAsync(arguments[at + 1].As<string>()!).ConfigureAwait(false);
                break;
            case Leaving:
                await Within(all, arguments, at + 2).SocketsLeaveAsync(arguments[at + 1].As<string>()!).ConfigureAwait(false);
                break;
            case Disconnecting:
                var scope = arguments.Read<bool?>(at + 1) == true ? DisconnectScope.Connection : DisconnectScope.Namespace;
                await Within(all, arguments, at + 2).DisconnectSocketsAsync(scope).ConfigureAwait(false);
                break;
        }
    }

    /// <summary>Those of a room, which a socket's id is one of; all, when none is given.</summary>
    private static BroadcastOperator Within(BroadcastOperator all, SocketArguments arguments, int at) =>
        arguments.Read<string>(at) is { Length: > 0 } room ? all.To(room) : all;
}
