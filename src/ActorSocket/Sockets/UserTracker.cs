using System.Text;
using ActorSocket.Diagnostics;
using ActorSocket.Presence;

namespace ActorSocket.Sockets;

/// <summary>Tells a namespace's table of users whose sockets come and go.</summary>
/// <remarks>Any thread.</remarks>
internal sealed class UserTracker
{
    private readonly NamespaceServices _namespace;
    private readonly PresenceOptions _options;
    private readonly UserTable _table;
    private int _isOver;

    public UserTracker(NamespaceServices ns, PresenceOptions options)
    {
        (_namespace, _options) = (ns, options);
        _table = ns.Server.Users.Hold(ns.Name);
        _table.Configure(options.GraceTime, options.MaxLastSeen);
        Directory = new UserDirectory(_table);
    }

    public UserDirectory Directory { get; }

    /// <summary>For the sockets that were there before it: of one that ends meanwhile it may have been told too early.</summary>
    public void CountThoseHere()
    {
        foreach (var socket in _namespace.All.Snapshot)
        {
            Connected(socket);
            if (!socket.HasNotEnded)
                Gone(socket);
        }
    }

    public void Connected(Socket socket)
    {
        string? id;
        try
        {
            id = _options.UserId(socket);
        }
        catch (Exception error) // the application's
        {
            _namespace.Server.Log.UserIdFailed(error, _namespace.MetricsName);
            return;
        }
        if (string.IsNullOrEmpty(id))
            return;
        if (Encoding.UTF8.GetByteCount(id) > PresenceOptions.MaxUserIdBytes)
            _namespace.Server.Log.UserIdTooLong(_namespace.MetricsName, PresenceOptions.MaxUserIdBytes);
        else
            _table.Came(socket, id);
    }

    /// <summary>Does nothing for one that was nobody's.</summary>
    public void Gone(Socket socket) => _table.Gone(socket);

    /// <summary>The namespace is no more.</summary>
    public void End()
    {
        if (Interlocked.Exchange(ref _isOver, 1) == 0)
            _namespace.Server.Users.Release(_namespace.Name);
    }
}
