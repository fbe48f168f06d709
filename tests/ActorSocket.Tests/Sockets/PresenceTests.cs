using System.Text.RegularExpressions;
using ActorSocket.Hosting;

namespace ActorSocket.Tests.Sockets;

/// <summary>Who is online in a namespace, on one node.</summary>
public sealed class PresenceTests : ServerTest
{
    private static readonly Regex Pattern = new("^/room-\\d+$", RegexOptions.None, TimeSpan.FromSeconds(1));

    [Fact]
    public async Task A_user_is_online_as_long_as_a_device_is_connected_and_some_time_longer()
    {
        var time = new ManualTime();
        var server = NewServer(time: time);
        var io = new ActorSocketServer(server);
        var left = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var came = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        io.UsePresence(static presence => presence.UserId = static _ => "ada");
        io.Users.OnCame(came.SetResult);
        io.Users.OnLeft((user, _) => left.SetResult(user));
        var (first, _) = await ConnectAsync(server);
        Assert.Equal("ada", await came.Task.WaitAsync(Patience));
        var (second, _) = await ConnectAsync(server);
        Assert.Equal((true, 2, 1), (io.Users.IsOnline("ada"), io.Users.Find("ada")!.Devices, io.Users.Count));
        Assert.Equal("ada", Assert.Single(io.Users.List()).UserId);
        Assert.Empty(io.Users.List(after: "ada"));

        await SocketOf(first, server).DisconnectAsync();
        await SocketOf(second, server).DisconnectAsync();
        await UntilAsync(() => io.Users.Find("ada")!.Devices == 0);
        Assert.Null(io.Users.Find("nobody")); // takes the lock: what the last device's end led to is done
        Assert.True(io.Users.IsOnline("ada"));
        time.Advance(10);
        Assert.Equal("ada", await left.Task.WaitAsync(Patience));
        Assert.Equal((false, 0), (io.Users.IsOnline("ada"), io.Users.Count));
        Assert.False(io.Users.Find("ada")!.IsOnline);
        Assert.Empty(io.Users.List());
    }

    [Fact]
    public async Task Sockets_without_a_user_or_with_one_that_cannot_be_told_are_nobodys()
    {
        var server = NewServer();
        var io = new ActorSocketServer(server);
        var answers = new Queue<Func<string?>>(
            [static () => null, static () => "", static () => new string('x', 257), static () => throw new InvalidOperationException()]
        );
        io.UsePresence(presence => presence.UserId = _ => answers.Dequeue()());
        for (var i = 0; i < 4; i++)
        {
            var (_, webSocket) = await ConnectAsync(server); // is let in all the same
            io.Emit("hello");
            Assert.Equal("42[\"hello\"]", await webSocket.NextAsync());
        }
        Assert.Empty(answers);
        Assert.Equal(0, io.Users.Count);
    }

    [Fact]
    public async Task Those_who_are_there_before_it_is_turned_on_are_counted()
    {
        var server = NewServer();
        var io = new ActorSocketServer(server);
        var (session, _) = await ConnectAsync(server);
        io.UsePresence(static presence => presence.UserId = static socket => socket.Id);
        Assert.Equal(1, io.Users.Find(SocketOf(session, server).Id)?.Devices);
    }

    [Fact]
    public async Task Each_namespace_of_a_template_has_users_of_its_own()
    {
        var server = NewServer(static options => options.CleanupEmptyChildNamespaces = true);
        var io = new ActorSocketServer(server);
        var template = io.OfDynamic(Pattern).UsePresence(static presence =>
        {
            presence.UserId = static _ => "ada";
            presence.GraceTime = TimeSpan.Zero;
        });
        Assert.Throws<NotSupportedException>(() => template.Users);
        var webSocket = new FakeWebSocket();
        var session = await OpenAsync(server, webSocket);
        session.Send("40/room-1,");
        await webSocket.NextAsync();
        await UntilAsync(() => io.Of("/room-1").Users.Count == 1);
        Assert.Equal(0, io.Of("/room-2").Users.Count);
        session.Send("41/room-1,");
        await UntilAsync(() => server.Users.Count == 1); // the one of /room-2, which the test made
    }

    [Fact]
    public void It_is_turned_on_once_and_with_options_in_their_ranges()
    {
        var io = new ActorSocketServer(NewServer());
        Assert.Contains("UsePresence()", Assert.Throws<InvalidOperationException>(() => io.Users).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => io.UsePresence(static presence => presence.GraceTime = TimeSpan.FromSeconds(-1)));
        Assert.Throws<ArgumentException>(() => io.UsePresence(static presence => presence.GraceTime = TimeSpan.FromDays(2)));
        Assert.Throws<ArgumentException>(() => io.UsePresence(static presence => presence.MaxLastSeen = -1));
        Assert.Throws<ArgumentException>(() => io.UsePresence(static presence => presence.UserId = null!));
        Assert.Same(io, io.UsePresence());
        Assert.Throws<InvalidOperationException>(() => io.UsePresence());
        Assert.Throws<ArgumentNullException>(() => io.Users.IsOnline(null!));
        Assert.Throws<ArgumentOutOfRangeException>(() => io.Users.List(limit: 0));
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!condition())
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
