using Akka.Actor;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket.IntegrationTests.Entities;

/// <summary>Seats on one node without a cluster, with real connections.</summary>
public sealed class SeatTests
{
    [Fact]
    public async Task A_seat_is_taken_lost_and_returned_to_by_recovery_and_by_its_token()
    {
        var seating = new Seating();
        await using var node = await seating.StartAloneAsync();
        var client = await PollingClient.ConnectAsync(node, "client");
        var token = await seating.TakeAsync(node, "a", client, "ada");
        var claim = await Seating.ClaimOfAsync(client); // it is in the room: it was told of itself
        Assert.Equal(token, await seating.TakeAsync(node, "a", client)); // it has one
        await client.DisposeAsync();
        await seating.UntilAsync("a", "joined 1", "lost 1");

        var again = await PollingClient.ConnectAsync(node, "client", claim);
        Assert.Equal(Seating.SocketIdOf(client), Seating.SocketIdOf(again));
        await seating.UntilAsync("a", "joined 1", "lost 1", "returned 1");
        await again.DisposeAsync();
        await seating.UntilAsync("a", "joined 1", "lost 1", "returned 1", "lost 1");

        var other = await PollingClient.ConnectAsync(node, "client");
        await seating.ReturnAsync(node, "a", token, other);
        await seating.UntilAsync("a", "joined 1", "lost 1", "returned 1", "lost 1", "returned 1");
        node.Server.To("game:a").Emit("hello"); // it is in the room, too
        Assert.Contains("hello", await other.NextAsync(), StringComparison.Ordinal);
        Assert.Equal(["1 ada (Connected)"], (await seating.Of(node).InvokeAsync<string[]>("a", "members"))!);

        await using var third = await PollingClient.ConnectAsync(node, "client");
        await seating.ReturnAsync(node, "a", token, third); // from another tab: the one before does not know yet
        Assert.Equal(["lost 1", "returned 1"], seating.StoryOf("a")[^2..]);
        await other.DisposeAsync();
        await Node.UntilAsync(() => node.Server.Sockets.Count == 1, "the one before to be gone");
        await seating.TakeAsync(node, "a", third);
        Assert.Equal(7, seating.StoryOf("a").Length); // the end of the one before is not its end
    }

    [Fact]
    public async Task Who_leaves_on_purpose_has_left_and_who_does_not_return_in_time_too()
    {
        var seating = new Seating();
        await using var node = await seating.StartAloneAsync();
        await using var one = await PollingClient.ConnectAsync(node, "one");
        await seating.TakeAsync(node, "a", one);
        await one.SendAsync("41");
        await seating.UntilAsync("a", "joined 1", "left 1 Disconnected");

        await seating.Of(node).InvokeAsync("b", "set", 5, false, 50);
        var two = await PollingClient.ConnectAsync(node, "two");
        var token = await seating.TakeAsync(node, "b", two);
        await two.DisposeAsync();
        await seating.UntilAsync("b", "joined 1", "lost 1", "left 1 GraceTimeOver");
        await using var three = await PollingClient.ConnectAsync(node, "three");
        Assert.Equal("SEAT_UNKNOWN", await Seating.CodeOfAsync(seating.ReturnAsync(node, "b", token, three)));
        Assert.Empty((await seating.Of(node).InvokeAsync<string[]>("b", "members"))!);
    }

    [Fact]
    public async Task A_socket_that_is_recovered_after_its_seat_is_over_leaves_the_room()
    {
        var seating = new Seating();
        await using var node = await seating.StartAloneAsync();
        await seating.Of(node).InvokeAsync("a", "set", 5, false, 50);
        var client = await PollingClient.ConnectAsync(node, "client");
        await seating.TakeAsync(node, "a", client);
        var claim = await Seating.ClaimOfAsync(client);
        await client.DisposeAsync();
        await seating.UntilAsync("a", "joined 1", "lost 1", "left 1 GraceTimeOver");
        await using var again = await PollingClient.ConnectAsync(node, "client", claim);
        Assert.Equal(Seating.SocketIdOf(client), Seating.SocketIdOf(again));
        await Node.UntilAsync(() => !IsIn(Assert.Single(node.Server.Sockets), "game:a"), "it to leave the room");
        await Node.UntilAsync(() => node.Server.Server.WatchedSockets.Count == 0, "nobody to look for it");
        await seating.TakeAsync(node, "a", again); // nothing holds against it
        Assert.True(IsIn(Assert.Single(node.Server.Sockets), "game:a"));
        Assert.Equal("joined 2", seating.StoryOf("a")[^1]);
    }

    [Fact]
    public async Task Capacity_lock_and_refusal_have_codes_and_leave_nothing_behind()
    {
        var seating = new Seating { Unwanted = "mallory" };
        await using var node = await seating.StartAloneAsync();
        var games = seating.Of(node);
        await games.InvokeAsync("a", "set", 2, false, 1000);
        await using var one = await PollingClient.ConnectAsync(node, "one");
        await using var two = await PollingClient.ConnectAsync(node, "two");
        await using var three = await PollingClient.ConnectAsync(node, "three");
        Assert.Equal("UNWANTED", await Seating.CodeOfAsync(seating.TakeAsync(node, "a", one, "mallory")));
        Assert.DoesNotContain(node.Server.Sockets, static socket => IsIn(socket, "game:a"));
        var token = await seating.TakeAsync(node, "a", one);
        await seating.TakeAsync(node, "a", two);
        Assert.Equal("SEATS_FULL", await Seating.CodeOfAsync(seating.TakeAsync(node, "a", three)));
        Assert.Equal("SEATS_FULL", await Seating.CodeOfAsync(games.InvokeAsync("a", "reserve", 1000, "")));
        Assert.Equal("SEAT_TAKEN", await Seating.CodeOfAsync(seating.ReturnAsync(node, "a", token, two)));
        await games.InvokeAsync("a", "set", 5, true, 1000);
        Assert.Equal("SEATS_LOCKED", await Seating.CodeOfAsync(seating.TakeAsync(node, "a", three)));
        await Assert.ThrowsAsync<EntityCallException>(() => games.InvokeAsync("a", "set", 5000, true, 1000)); // more than MaxSeats
        Assert.Equal(["joined 2", "joined 3"], seating.StoryOf("a"));
    }

    [Fact]
    public async Task A_reserved_seat_is_taken_by_its_token_though_the_entity_is_locked_or_expires()
    {
        var seating = new Seating { Unwanted = "eve" };
        await using var node = await seating.StartAloneAsync();
        var games = seating.Of(node);
        await using var client = await PollingClient.ConnectAsync(node, "client");
        var late = await games.InvokeAsync<string>("a", "reserve", 30, "late");
        await seating.UntilAsync("a", "left 1 ReservationExpired");
        Assert.Equal("SEAT_UNKNOWN", await Seating.CodeOfAsync(seating.ReturnAsync(node, "a", late!, client)));
        var refused = await games.InvokeAsync<string>("a", "reserve", 60_000, "eve");
        var kept = await games.InvokeAsync<string>("a", "reserve", 60_000, "ada");
        await games.InvokeAsync("a", "set", 5, true, 1000);
        Assert.Equal("UNWANTED", await Seating.CodeOfAsync(seating.ReturnAsync(node, "a", refused!, client)));
        Assert.Equal(["2 eve (Reserved)", "3 ada (Reserved)"], (await games.InvokeAsync<string[]>("a", "members"))!);
        await seating.ReturnAsync(node, "a", kept!, client);
        Assert.Equal("joined 3", seating.StoryOf("a")[^1]);
    }

    [Fact]
    public async Task Who_is_kicked_leaves_the_room_or_the_server()
    {
        var seating = new Seating();
        await using var node = await seating.StartAloneAsync();
        await using var one = await PollingClient.ConnectAsync(node, "one");
        await using var two = await PollingClient.ConnectAsync(node, "two");
        await seating.TakeAsync(node, "a", one);
        await seating.TakeAsync(node, "a", two);
        await seating.Of(node).InvokeAsync("a", "kick", 1, false);
        Assert.Equal("game:a", await seating.Of(node).InvokeAsync<string>("a", "room"));
        var member = Assert.Single(node.Server.Sockets, static socket => IsIn(socket, "game:a"));
        Assert.Equal(Seating.SocketIdOf(two), member.Id);
        await seating.Of(node).InvokeAsync("a", "kick", 2, true);
        await Node.UntilAsync(() => node.Server.Sockets.Count == 1, "the other to be disconnected");
        Assert.Equal(["joined 1", "joined 2", "left 1 Kicked", "left 2 Kicked"], seating.StoryOf("a"));
        Assert.False(await seating.Of(node).InvokeAsync<bool>("a", "leave", Seating.SocketIdOf(one)));
    }

    [Fact]
    public async Task An_entity_that_retires_ends_its_seats_and_one_with_seats_is_not_idle()
    {
        var seating = new Seating();
        await using var node = await seating.StartAloneAsync(static options => options.IdleTimeout = TimeSpan.FromMilliseconds(100));
        await using var client = await PollingClient.ConnectAsync(node, "client");
        await using var other = await PollingClient.ConnectAsync(node, "other");
        var socket = node.Server.Sockets.Single(socket => socket.Id == Seating.SocketIdOf(client));
        await seating.TakeAsync(node, "a", client);
        await seating.TakeAsync(node, "b", other);
        await seating.Of(node).InvokeAsync("b", "leave", Seating.SocketIdOf(other));
        await Node.UntilAsync(() => seating.Ended.Contains("b", StringComparer.Ordinal), "the one that is empty to retire");
        Assert.Equal(["joined 1"], seating.StoryOf("a"));
        await seating.Of(node).InvokeAsync("a", "retire");
        await seating.UntilAsync("a", "joined 1", "left 1 EntityEnded");
        await Node.UntilAsync(() => !IsIn(socket, "game:a"), "its socket to leave the room");
    }

    [Fact]
    public async Task After_a_restart_seats_are_as_they_were_saved_and_whose_socket_is_gone_is_lost_then()
    {
        using var file = new Persistence.StoreFile();
        var seating = new Seating { StorePath = file.Path };
        var first = await seating.StartAloneAsync();
        var client = await PollingClient.ConnectAsync(first, "client");
        var token = await seating.TakeAsync(first, "a", client);
        await seating.Of(first).InvokeAsync("a", "save");
        await first.Services.GetRequiredService<ActorSystem>().Terminate();
        await using var second = await seating.StartAloneAsync();
        Assert.Equal(1, await seating.Of(second).InvokeAsync<int>("a", "joined")); // its state is that of the seats
        await seating.UntilAsync("a", "joined 1", "lost 1");
        await using var again = await PollingClient.ConnectAsync(second, "client");
        await seating.ReturnAsync(second, "a", token, again);
        await seating.UntilAsync("a", "joined 1", "lost 1", "returned 1");
        await first.DisposeAsync();
    }

    [Fact]
    public async Task Each_step_is_told_before_the_next_one_is_made()
    {
        var noted = new List<string>();
        var seating = new Seating
        {
            Noted = (what, seats) => noted.Add(what + ": " + string.Join(", ", seats.Select(static seat => seat.ToString()))),
        };
        await using var node = await seating.StartAloneAsync();
        await using var one = await PollingClient.ConnectAsync(node, "one");
        await using var two = await PollingClient.ConnectAsync(node, "two");
        await using var three = await PollingClient.ConnectAsync(node, "three");
        var token = await seating.TakeAsync(node, "a", one, "ada");
        await seating.TakeAsync(node, "a", two, "bob");
        noted.Clear();
        await seating.ReturnAsync(node, "a", token, three); // the one before does not know yet
        Assert.Equal(
            ["lost 1: 1 ada (Lost), 2 bob (Connected)", "returned 1: 1 ada (Connected), 2 bob (Connected)"],
            noted
        );
        noted.Clear();
        await seating.Of(node).InvokeAsync("a", "retire");
        await seating.UntilAsync("a", "joined 1", "joined 2", "lost 1", "returned 1", "left 1 EntityEnded", "left 2 EntityEnded");
        Assert.Equal(["left 1 EntityEnded: 2 bob (Connected)", "left 2 EntityEnded: "], noted);

        noted.Clear();
        seating.Script = static seats =>
        {
            seats.ReservationTime = TimeSpan.Zero;
            seats.Reserve("eve");
            seats.Reserve("mal");
            return Task.CompletedTask;
        };
        await seating.Of(node).InvokeAsync("b", "run");
        await seating.UntilAsync("b", "left 1 ReservationExpired", "left 2 ReservationExpired");
        Assert.Equal(["left 1 ReservationExpired: 2 mal (Reserved)", "left 2 ReservationExpired: "], noted);
    }

    [Fact]
    public async Task A_seat_that_ends_while_its_socket_joins_the_room_leaves_nobody_there()
    {
        var seating = new Seating();
        await using var node = await seating.StartAloneAsync();
        await using var client = await PollingClient.ConnectAsync(node, "client");
        var code = "";
        seating.Script = async seats =>
        {
            var token = seats.Reserve().Token;
            var returning = seats.ReturnAsync(token, Seating.SocketIdOf(client));
            await seats.LeaveAsync(seats.FindByToken(token)!);
            code = (await Assert.ThrowsAsync<EventException>(() => returning)).Code;
        };
        await seating.Of(node).InvokeAsync("a", "run");
        Assert.Equal("SEAT_UNKNOWN", code);
        await Node.UntilAsync(() => !IsIn(Assert.Single(node.Server.Sockets), "game:a"), "it to leave the room");
    }

    [Fact]
    public async Task Who_is_kicked_in_the_moment_of_a_loss_and_is_recovered_leaves_the_room()
    {
        var seating = new Seating();
        await using var node = await seating.StartAloneAsync();
        var client = await PollingClient.ConnectAsync(node, "client");
        await seating.TakeAsync(node, "a", client);
        var claim = await Seating.ClaimOfAsync(client);
        var (hasTurn, isGone) = (new TaskCompletionSource(), new TaskCompletionSource());
        seating.Script = async seats =>
        {
            hasTurn.SetResult();
            await isGone.Task;
            var seat = Assert.Single(seats);
            Assert.Equal(SeatState.Connected, seat.State); // what is said of its socket waits for the turn to end
            await seats.KickAsync(seat);
        };
        var kicking = seating.Of(node).InvokeAsync("a", "run");
        await hasTurn.Task.WaitAsync(Node.Patience);
        await client.DisposeAsync();
        await Node.UntilAsync(() => node.Server.Sockets.Count == 0, "it to be gone");
        isGone.SetResult();
        await kicking;
        await using var again = await PollingClient.ConnectAsync(node, "client", claim);
        Assert.Equal(Seating.SocketIdOf(client), Seating.SocketIdOf(again));
        await Node.UntilAsync(() => !IsIn(Assert.Single(node.Server.Sockets), "game:a"), "it to leave the room");
        Assert.Equal(["joined 1", "left 1 Kicked"], seating.StoryOf("a"));
    }

    [Fact]
    public async Task A_recovered_socket_is_in_the_room_again_before_the_entity_is_told()
    {
        var seating = new Seating();
        await using var node = await seating.StartAloneAsync();
        var client = await PollingClient.ConnectAsync(node, "client");
        await seating.TakeAsync(node, "a", client);
        var claim = await Seating.ClaimOfAsync(client);
        await Assert.Single(node.Server.Sockets).LeaveAsync("game:a"); // as when it was recovered with older rooms
        await client.DisposeAsync();
        await seating.UntilAsync("a", "joined 1", "lost 1");
        var wasIn = false;
        seating.Noted = (_, _) => wasIn = IsIn(Assert.Single(node.Server.Sockets), "game:a");
        await using var again = await PollingClient.ConnectAsync(node, "client", claim);
        await seating.UntilAsync("a", "joined 1", "lost 1", "returned 1");
        await seating.Of(node).InvokeAsync("a", "members"); // its turn comes after the one that noted
        Assert.True(wasIn);
    }

    [Fact]
    public async Task A_seat_whose_time_ran_out_while_its_entity_was_away_can_still_be_returned_to()
    {
        using var file = new Persistence.StoreFile();
        var seating = new Seating { StorePath = file.Path };
        var first = await seating.StartAloneAsync();
        var token = await seating.Of(first).InvokeAsync<string>("a", "reserve", 1500, "ada");
        var due = DateTimeOffset.UtcNow.AddSeconds(1.5);
        await seating.Of(first).InvokeAsync("a", "save");
        await first.Services.GetRequiredService<ActorSystem>().Terminate();
        await using var second = await seating.StartAloneAsync();
        await using var client = await PollingClient.ConnectAsync(second, "client");
        await Node.UntilAsync(() => DateTimeOffset.UtcNow > due, "its time to run out");
        await seating.ReturnAsync(second, "a", token!, client);
        Assert.Equal(["joined 1"], seating.StoryOf("a"));
        await first.DisposeAsync();
    }

    [Fact]
    public async Task Who_has_no_seat_in_what_was_saved_leaves_the_room()
    {
        var seating = new Seating();
        await using var node = await seating.StartAloneAsync();
        await using var client = await PollingClient.ConnectAsync(node, "client");
        await seating.TakeAsync(node, "a", client);
        await seating.Of(node).InvokeAsync("a", "retire");
        await Node.UntilAsync(() => seating.Ended.Contains("a", StringComparer.Ordinal), "it to retire");
        var socket = Assert.Single(node.Server.Sockets);
        await Node.UntilAsync(() => !IsIn(socket, "game:a"), "it to leave the room");
        await socket.JoinAsync("game:a"); // as when its seat was not saved before a crash
        await seating.Of(node).InvokeAsync("a", "members");
        await Node.UntilAsync(() => !IsIn(socket, "game:a"), "it to leave the room again");
        await seating.TakeAsync(node, "a", client);
        Assert.True(IsIn(socket, "game:a"));
    }

    [Fact]
    public async Task Seats_of_a_class_that_is_mapped_on_a_template_are_refused_with_the_reason()
    {
        var seating = new Seating { IsOfTemplate = true };
        await using var node = await seating.StartAloneAsync();
        var error = await Assert.ThrowsAsync<EntityCallException>(() => seating.Of(node).InvokeAsync("a", "members"));
        Assert.Contains("the template of dynamic namespaces", error.Message, StringComparison.Ordinal);
    }

    private static bool IsIn(Socket socket, string room) => socket.Rooms.Contains(room, StringComparer.Ordinal);
}
