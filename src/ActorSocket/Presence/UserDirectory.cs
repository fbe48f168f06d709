using System.Runtime.CompilerServices;
using ActorSocket.Configuration;
using ActorSocket.Presence;
using ActorSocket.Rooms;

namespace ActorSocket;

/// <summary>
/// The users of a namespace on all nodes: who is online, on how many devices, and since when others are not. Got from
/// <c>io.Users</c> once <c>io.UsePresence()</c> was called.
/// </summary>
/// <remarks>
/// Any thread. Every node knows all users, so nothing here asks another one or waits: a read is one look into a table. What happens on
/// another node is known here a moment later, milliseconds where the network is well; a node that has crashed takes its users along when it
/// is taken out of the cluster, some ten seconds later.
/// </remarks>
public sealed class UserDirectory
{
    private readonly UserTable _table;

    internal UserDirectory(UserTable table) => _table = table;

    /// <summary>How many users are online.</summary>
    public int Count => _table.Online;

    /// <summary>Whether a user is online: has a device, on whichever node, or had one within <c>PresenceOptions.GraceTime</c>.</summary>
    public bool IsOnline(string userId)
    {
        ArgumentNullException.ThrowIfNull(userId);
        return _table.IsOnline(userId);
    }

    /// <summary>
    /// What is known of a user: also of one who is offline, as long as this node remembers it (<c>PresenceOptions.MaxLastSeen</c>).
    /// </summary>
    /// <returns>Null for a user who was never online since this node started, as far as it remembers.</returns>
    public UserPresence? Find(string userId)
    {
        ArgumentNullException.ThrowIfNull(userId);
        return _table.Find(userId);
    }

    /// <summary>
    /// The users who are online, in ordinal order of their ids, a page at a time. Looks at all of them: some 20 ms for 100 000.
    /// </summary>
    /// <param name="prefix">What their ids begin with; empty for all.</param>
    /// <param name="after">The last id of the page before; null for the first page.</param>
    /// <param name="limit">How many at most, from 1 to 10 000.</param>
    /// <returns>Fewer than <paramref name="limit"/> on the last page.</returns>
    public IReadOnlyList<UserPresence> List(string prefix = "", string? after = null, int limit = NamePage.DefaultLimit)
    {
        NamePage.Check(prefix, limit);
        var page = new List<UserPresence>();
        foreach (var id in NamePage.Of(_table.OnlineIds, prefix, after, limit))
        {
            if (_table.Find(id) is { IsOnline: true } user) // may have left in between
                page.Add(user);
        }
        return page;
    }

    /// <summary>
    /// Runs when a user comes online: with the first device, on whichever node. Raised on every node, once on each, in order with
    /// <see cref="OnLeft(Func{string, DateTimeOffset, Task})"/>: a handler waits for the one before, also an asynchronous one, and nobody
    /// else waits for it. For who came and left while earlier handlers ran nothing is raised. What it throws is logged. A node that joins
    /// the cluster raises it for the users that it finds.
    /// </summary>
    /// <returns>Dispose it to take the handler off.</returns>
    [OverloadResolutionPriority(1)]
    public IDisposable OnCame(Func<string, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return _table.OnEvent(e => e.HasCome ? handler(e.UserId) : Task.CompletedTask);
    }

    /// <inheritdoc cref="OnCame(Func{string, Task})"/>
    public IDisposable OnCame(Func<string, ValueTask> handler) => OnCame(Callback.From(handler));

    /// <inheritdoc cref="OnCame(Func{string, Task})"/>
    /// <exception cref="ArgumentException">It is <c>async void</c>.</exception>
    public IDisposable OnCame(Action<string> handler) => OnCame(Callback.From(handler));

    /// <summary>
    /// Runs when a user is offline: <c>PresenceOptions.GraceTime</c> after the last device went, on whichever node, or was lost with its
    /// node. It is given the user and when that was. Raised as <see cref="OnCame(Func{string, Task})"/> is.
    /// </summary>
    /// <returns>Dispose it to take the handler off.</returns>
    [OverloadResolutionPriority(1)]
    public IDisposable OnLeft(Func<string, DateTimeOffset, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return _table.OnEvent(e => e.HasCome ? Task.CompletedTask : handler(e.UserId, e.LastSeen));
    }

    /// <inheritdoc cref="OnLeft(Func{string, DateTimeOffset, Task})"/>
    public IDisposable OnLeft(Func<string, DateTimeOffset, ValueTask> handler) => OnLeft(Callback.From(handler));

    /// <inheritdoc cref="OnLeft(Func{string, DateTimeOffset, Task})"/>
    /// <exception cref="ArgumentException">It is <c>async void</c>.</exception>
    public IDisposable OnLeft(Action<string, DateTimeOffset> handler) => OnLeft(Callback.From(handler));
}
