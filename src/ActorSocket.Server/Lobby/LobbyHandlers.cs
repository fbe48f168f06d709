using System.Text.RegularExpressions;

namespace ActorSocket.Server.Lobby;

/// <summary>What a client of the lobby may do. Every request is acknowledged with what it asked for, or with <c>{ error }</c>.</summary>
/// <remarks>
/// Nobody checks names: who gives one is that user, and gets what is whispered to it. What is more than a demo signs its users in
/// (docs/guide/authentication.md), and takes the name from <c>Socket.User</c>.
/// </remarks>
internal sealed partial class LobbyHandlers(
    ActorSocketServer io,
    RoomEntities<LobbyRoom> lobbies,
    RoomEntities<LobbyRegistry> registry,
    LobbyList list,
    TimeProvider time,
    ILogger<LobbyHandlers> log
)
{
    private const int MaxText = 500;
    private const int MaxPicture = 500_000;
    private const int MaxQuestions = 4;
    private static readonly TimeSpan PictureInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ReadyTimeout = TimeSpan.FromSeconds(15);
    private static readonly HashSet<string> PictureTypes = new(StringComparer.Ordinal)
    {
        "image/png",
        "image/jpeg",
        "image/gif",
        "image/webp",
    };

    public void Connected(Socket socket)
    {
        var visitor = new Visitor(socket);
        socket.On("login", async (string? name) => await LoginAsync(visitor, name));
        socket.On("create", async (string? name) => await CreateAsync(visitor, name));
        socket.On("join", async (string? name, bool again) => await JoinAsync(visitor, name, again));
        socket.On("leave", async () => await LeaveAsync(visitor));
        socket.On("say", async (string? text) => await SayAsync(visitor, text));
        socket.On("typing", () => ToLobby(visitor)?.Volatile.Emit("typing", visitor.Name));
        socket.On("pointer", (double x, double y) => Point(visitor, x, y));
        socket.On("picture", (string? type, byte[]? data) => Picture(visitor, type, data));
        // These wait for other people: acknowledged later, so that the visitor's next events need not wait with them.
        socket.On("whisper", (string? to, string? text, Ack ack) =>
        {
            _ = AnswerAsync(visitor, ack, () => WhisperAsync(visitor, to, text));
        });
        socket.On("ready-check", (Ack ack) => { _ = AnswerAsync(visitor, ack, () => CheckReadyAsync(visitor)); });
        socket.On("ping?", static () => true);
        socket.OnDisconnect(_ => RemovePointer(visitor)); // the lobby is told by the server that the seat is lost
    }

    private async Task<object> LoginAsync(Visitor visitor, string? name)
    {
        if (!IsName(name))
            return Error("A name has 1 to 24 letters, digits, spaces, dots or dashes.");
        if (visitor.Lobby is not null)
            await LeaveAsync(visitor);
        if (visitor.Name is { } former) // or somebody who takes one name after the other hears what is whispered to all of them
            await visitor.Socket.LeaveAsync(UserRoom(former));
        visitor.Name = name!.Trim();
        visitor.Socket.Data["user"] = visitor.Name;
        await visitor.Socket.JoinAsync(UserRoom(visitor.Name));
        registry.Send(LobbyRegistry.Id, "start"); // the first after a restart: the lobbies of before are started
        list.ShowTo(visitor.Socket);
        return new { name = visitor.Name };
    }

    private async Task<object> CreateAsync(Visitor visitor, string? name)
    {
        if (visitor.Name is null)
            return Error("Log in first.");
        if (!IsName(name))
            return Error("A lobby's name has 1 to 24 letters, digits, spaces, dots or dashes.");
        name = name!.Trim();
        if (await registry.InvokeAsync<string>(LobbyRegistry.Id, "add", name) is { } problem)
            return Error(problem);
        await lobbies.InvokeAsync<bool>(LobbyRoom.IdOf(name), "open", name);
        return new { name };
    }

    private async Task<object> JoinAsync(Visitor visitor, string? name, bool again)
    {
        if (visitor.Name is null)
            return Error("Log in first.");
        if (!IsName(name))
            return Error("There is no such lobby.");
        name = name!.Trim();
        JoinedLobby? joined;
        try
        {
            joined = await PersistAsync(() =>
                lobbies.InvokeAsync<JoinedLobby>(LobbyRoom.IdOf(name), "join", name, visitor.Name, visitor.Socket.Id, again)
            );
        }
        catch (EntityCallException refused) when (refused.InnerException is EventException { Code: "SEATS_FULL" })
        {
            return Error("This lobby is full.");
        }
        if (joined is null)
            return Error("There is no such lobby.");
        var former = visitor.Lobby;
        var moves = former is not null && LobbyRoom.IdOf(former) != LobbyRoom.IdOf(joined.Name);
        if (moves) // only now: who is not let in stays where he is
        {
            RemovePointer(visitor);
            await visitor.Socket.LeaveAsync(LobbyRoom.RoomOf(former!));
        }
        visitor.Lobby = joined.Name;
        visitor.Socket.Data["lobby"] = joined.Name;
        if (moves)
            _ = LeaveSeatAsync(visitor, former!); // its node may have crashed: what is asked next does not wait for it
        return joined;
    }

    private async Task<object> LeaveAsync(Visitor visitor)
    {
        if (visitor.Lobby is { } lobby)
        {
            RemovePointer(visitor);
            visitor.Lobby = null;
            visitor.Socket.Data.Remove("lobby");
            await visitor.Socket.LeaveAsync(LobbyRoom.RoomOf(lobby)); // at once, wherever the lobby is
            await LeaveSeatAsync(visitor, lobby);
        }
        return new { left = true };
    }

    private async Task LeaveSeatAsync(Visitor visitor, string lobby)
    {
        try
        {
            await PersistAsync(() => visitor.Lobby is { } now && LobbyRoom.IdOf(now) == LobbyRoom.IdOf(lobby)
                ? Task.FromResult(true) // back already
                : lobbies.InvokeAsync<bool>(LobbyRoom.IdOf(lobby), "leave", visitor.Socket.Id));
        }
        catch (Exception away) when (away is TimeoutException or EntityCallException)
        {
            // It does not live for now. This page is listed there until it is closed; what is asked next is more urgent.
        }
    }

    private void RemovePointer(Visitor visitor)
    {
        if (visitor.Lobby is { } lobby)
            io.To(LobbyRoom.RoomOf(lobby)).Emit("pointer-gone", visitor.Pointer);
    }

    private async Task<object> SayAsync(Visitor visitor, string? text)
    {
        if (visitor.Lobby is null)
            return Error("Join a lobby first.");
        if (string.IsNullOrWhiteSpace(text) || text.Length > MaxText)
            return Error($"A message has 1 to {MaxText} characters.");
        try
        {
            // Acknowledged once it is shown: what is only sent on to the lobby is lost with the lobby's node.
            await lobbies.InvokeAsync(LobbyRoom.IdOf(visitor.Lobby), "say", visitor.Name, text);
            return new { sent = true };
        }
        catch (TimeoutException)
        {
            return Error("The lobby does not answer. If your message is not shown, say it again.");
        }
    }

    private static void Point(Visitor visitor, double x, double y)
    {
        if (x is >= 0 and <= 1 && y is >= 0 and <= 1)
            ToLobby(visitor)?.Volatile.Emit("pointer", visitor.Pointer, visitor.Name, x, y);
    }

    private object Picture(Visitor visitor, string? type, byte[]? data)
    {
        if (ToLobby(visitor) is not { } others)
            return Error("Join a lobby first.");
        if (type is null || !PictureTypes.Contains(type) || data is not { Length: > 0 and <= MaxPicture })
            return Error("A picture is a PNG, JPEG, GIF or WebP of at most 500 kB.");
        // Everyone in the lobby gets it: what one visitor sends without a pause costs those with a slow line their connection.
        if (visitor.PictureAt is { } last && time.GetElapsedTime(last) < PictureInterval)
            return Error("One picture a second, please.");
        visitor.PictureAt = time.GetTimestamp();
        others.Emit("picture", visitor.Name, type, data);
        return new { sent = true };
    }

    /// <summary>To all devices of a user; "delivered" once one of them has acknowledged.</summary>
    private async Task<object> WhisperAsync(Visitor visitor, string? to, string? text)
    {
        if (visitor.Name is null || !IsName(to) || string.IsNullOrWhiteSpace(text) || text.Length > MaxText)
            return Error("A private message needs a member and 1 to 500 characters.");
        IReadOnlyList<bool> answers;
        try
        {
            answers = await io.To(UserRoom(to!.Trim()))
                .Timeout(TimeSpan.FromSeconds(5))
                .EmitWithAckAsync<bool>("whisper", visitor.Name, text);
        }
        catch (AckTimeoutException timeout)
        {
            answers = [.. timeout.Responses.Select(static _ => true)];
        }
        return answers.Count > 0 ? new { delivered = answers.Count } : Error("Nobody of that name is here.");
    }

    private async Task<object> CheckReadyAsync(Visitor visitor)
    {
        if (visitor.Lobby is not { } lobby)
            return Error("Join a lobby first.");
        bool started;
        try
        {
            var answers = await io.To(LobbyRoom.RoomOf(lobby)).Timeout(ReadyTimeout).EmitWithAckAsync<bool>("ready?", visitor.Name);
            started = answers.All(static ready => ready);
        }
        catch (AckTimeoutException)
        {
            started = false;
        }
        io.To(LobbyRoom.RoomOf(lobby)).Emit("ready-result", started);
        return new { started };
    }

    /// <summary>
    /// A lobby whose node has crashed starts elsewhere when the cluster is whole again; what may be asked twice is asked until then.
    /// </summary>
    private static async Task<T> PersistAsync<T>(Func<Task<T>> ask)
    {
        for (var left = 3; ; left--)
        {
            try
            {
                return await ask();
            }
            catch (TimeoutException) when (left > 0)
            {
            }
        }
    }

    /// <summary>Nothing waits for it, so nothing holds a client back that asks again and again: that is what the limit is for.</summary>
    private async Task AnswerAsync(Visitor visitor, Ack ack, Func<Task<object>> ask)
    {
        try
        {
            ack.Send(visitor.BeginQuestion() <= MaxQuestions ? await ask() : Error("One after the other, please."));
        }
        catch (Exception error) // nobody awaits this
        {
            LogFailure(log, error);
            ack.Send(Error("That did not work."));
        }
        finally
        {
            visitor.EndQuestion();
        }
    }

    private static BroadcastOperator? ToLobby(Visitor visitor) =>
        visitor.Lobby is { } lobby ? visitor.Socket.To(LobbyRoom.RoomOf(lobby)) : null;

    private static object Error(string error) => new { error };

    private static string UserRoom(string name) => "user:" + name.ToUpperInvariant();

    private static bool IsName(string? name) => name is not null && NamePattern().IsMatch(name.Trim());

    [GeneratedRegex(@"^[\p{L}\p{N}](?:[\p{L}\p{N} .\-]{0,22}[\p{L}\p{N}.])?$", RegexOptions.CultureInvariant, 100)]
    private static partial Regex NamePattern();

    [LoggerMessage(1, LogLevel.Error, "A question that a visitor asked of others failed.")]
    private static partial void LogFailure(ILogger log, Exception error);

    /// <summary>One tab. Its handlers run one at a time, so this needs no lock; the questions end on other threads.</summary>
    private sealed class Visitor(Socket socket)
    {
        private int _questions;

        public Socket Socket => socket;

        /// <summary>
        /// What others know his pointer by. Not the socket's id, which of a Socket.IO 2 client (<c>AllowEIO3</c>) is a secret.
        /// </summary>
        public string Pointer { get; } = Guid.NewGuid().ToString("N");

        public string? Name { get; set; }

        public string? Lobby { get; set; }

        public long? PictureAt { get; set; }

        /// <summary>How many questions there are now.</summary>
        public int BeginQuestion() => Interlocked.Increment(ref _questions);

        public void EndQuestion() => Interlocked.Decrement(ref _questions);
    }
}
