using System.Text.RegularExpressions;

namespace ActorSocket.Server.Lobby;

/// <summary>What one tab may do. Every request is acknowledged with what it asked for, or with what is thrown.</summary>
/// <remarks>
/// Its handlers run one at a time, so this needs no lock; the questions end on other threads. Nobody checks names: who gives one is that
/// user, and gets what is whispered to it. What is more than a demo signs its users in (docs/guide/authentication.md), and takes the name
/// from <c>Socket.User</c>.
/// </remarks>
internal sealed partial class LobbyHub(
    ActorSocketServer io,
    RoomEntities<LobbyRoom> lobbies,
    RoomEntities<LobbyRegistry> registry,
    LobbyList list,
    TimeProvider time,
    ILogger<LobbyHub> log
) : SocketHub
{
    private const int MaxText = 500;
    private const int MaxPicture = 500_000;
    private const int MaxQuestions = 4;
    private const int MaxRetries = 3;
    private static readonly TimeSpan PictureInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ReadyTimeout = TimeSpan.FromSeconds(15);
    private static readonly HashSet<string> PictureTypes = new(StringComparer.Ordinal)
    {
        "image/png",
        "image/jpeg",
        "image/gif",
        "image/webp",
    };

    /// <summary>
    /// What others know the pointer by. Not the socket's id, which of a Socket.IO 2 client (<c>AllowEIO3</c>) is a secret.
    /// </summary>
    private readonly string _pointer = Guid.NewGuid().ToString("N");

    /// <summary>
    /// A lobby whose node has crashed starts elsewhere when the cluster is whole again; what may be asked twice is asked until then.
    /// </summary>
    private readonly RoomEntities<LobbyRoom> _patient = lobbies.Retries(MaxRetries);

    private string? _name;
    private string? _lobby;
    private long? _pictureAt;
    private int _questions;

    public override Task OnDisconnectedAsync(DisconnectReason reason)
    {
        RemovePointer(); // the lobby is told by the server that the seat is lost
        return Task.CompletedTask;
    }

    [Event("login")]
    public async Task<LoggedIn> LoginAsync(string? name)
    {
        if (!IsName(name))
            throw new EventException("A name has 1 to 24 letters, digits, spaces, dots or dashes.");
        if (_lobby is not null)
            await LeaveAsync();
        if (_name is { } former) // or somebody who takes one name after the other hears what is whispered to all of them
            await Socket.LeaveAsync(UserRoom(former));
        _name = name!.Trim();
        Socket.Data["user"] = _name;
        await Socket.JoinAsync(UserRoom(_name));
        registry.Send(LobbyRegistry.Id, "start"); // the first after a restart: the lobbies of before are started
        list.ShowTo(Socket);
        return new LoggedIn(_name);
    }

    [Event("create")]
    public async Task<CreatedLobby> CreateAsync(string? name)
    {
        if (_name is null)
            throw new EventException("Log in first.");
        if (!IsName(name))
            throw new EventException("A lobby's name has 1 to 24 letters, digits, spaces, dots or dashes.");
        name = name!.Trim();
        await OpenAsync(name, again: false);
        return new CreatedLobby(name);
    }

    private async Task OpenAsync(string name, bool again)
    {
        var names = again ? registry.Retries(MaxRetries) : registry; // who comes back may ask twice
        if (await names.InvokeAsync<string>(LobbyRegistry.Id, "add", name, again) is { } problem)
            throw new EventException(problem);
        await _patient.InvokeAsync(LobbyRoom.IdOf(name), "open", name);
    }

    [Event("join")]
    public async Task<JoinedLobby> JoinAsync(string? name, bool again = false)
    {
        if (_name is null)
            throw new EventException("Log in first.");
        if (!IsName(name))
            throw new EventException("There is no such lobby.");
        name = name!.Trim();
        var joined = await TakeSeatAsync(name);
        if (joined is null && again) // it was lost with its node before it was saved: opened anew, if there are not too many
        {
            await OpenAsync(name, again: true);
            joined = await TakeSeatAsync(name);
        }
        if (joined is null)
            throw new EventException("There is no such lobby.");
        var former = _lobby;
        var moves = former is not null && LobbyRoom.IdOf(former) != LobbyRoom.IdOf(joined.Name);
        if (moves) // only now: who is not let in stays where he is
        {
            RemovePointer();
            await Socket.LeaveAsync(LobbyRoom.RoomOf(former!));
        }
        _lobby = joined.Name;
        Socket.Data["lobby"] = joined.Name;
        if (moves)
            _ = LeaveSeatAsync(former!); // its node may have crashed: what is asked next does not wait for it
        return joined;
    }

    private async Task<JoinedLobby?> TakeSeatAsync(string name)
    {
        try
        {
            return await _patient.InvokeAsync<JoinedLobby>(LobbyRoom.IdOf(name), "join", _name, Socket.Id);
        }
        catch (EntityCallException refused) when (refused.InnerException is EventException { Code: "SEATS_FULL" })
        {
            throw new EventException("This lobby is full.", innerException: refused);
        }
    }

    [Event("leave")]
    public async Task<LeftLobby> LeaveAsync()
    {
        if (_lobby is { } lobby)
        {
            RemovePointer();
            _lobby = null;
            Socket.Data.Remove("lobby");
            await Socket.LeaveAsync(LobbyRoom.RoomOf(lobby)); // at once, wherever the lobby is
            await LeaveSeatAsync(lobby);
        }
        return new LeftLobby(true);
    }

    /// <summary>Not by <c>Retries</c>: who is back meanwhile is not to be thrown out.</summary>
    private async Task LeaveSeatAsync(string lobby)
    {
        for (var left = MaxRetries; left >= 0 && !(_lobby is { } now && LobbyRoom.IdOf(now) == LobbyRoom.IdOf(lobby)); left--)
        {
            try
            {
                await lobbies.InvokeAsync(LobbyRoom.IdOf(lobby), "leave", Socket.Id);
                return;
            }
            catch (Exception away) when (away is TimeoutException or EntityCallException)
            {
                // It does not live for now. This page is listed there until it is closed; what is asked next is more urgent.
            }
        }
    }

    private void RemovePointer()
    {
        if (_lobby is { } lobby)
            io.To(LobbyRoom.RoomOf(lobby)).As<ILobbyClient>().PointerGone(_pointer);
    }

    [Event("say")]
    public async Task<Accepted> SayAsync(string? text)
    {
        if (_lobby is null)
            throw new EventException("Join a lobby first.");
        if (string.IsNullOrWhiteSpace(text) || text.Length > MaxText)
            throw new EventException($"A message has 1 to {MaxText} characters.");
        try
        {
            // Acknowledged once it is shown: what is only sent on to the lobby is lost with the lobby's node.
            await lobbies.InvokeAsync(LobbyRoom.IdOf(_lobby), "say", _name, text);
            return new Accepted(true);
        }
        catch (TimeoutException late)
        {
            throw new EventException("The lobby does not answer. If your message is not shown, say it again.", innerException: late);
        }
    }

    [Event("typing")]
    public void Type() => ToOthers()?.Volatile.As<ILobbyClient>().Typing(_name!);

    [Event("pointer")]
    public void Point(double x, double y)
    {
        if (x is >= 0 and <= 1 && y is >= 0 and <= 1)
            ToOthers()?.Volatile.As<ILobbyClient>().Pointer(_pointer, _name!, x, y);
    }

    [Event("ping?")]
    public static bool Ping() => true;

    [Event("picture")]
    public Accepted Picture(string? type, byte[]? data)
    {
        if (ToOthers() is not { } others)
            throw new EventException("Join a lobby first.");
        if (type is null || !PictureTypes.Contains(type) || data is not { Length: > 0 and <= MaxPicture })
            throw new EventException("A picture is a PNG, JPEG, GIF or WebP of at most 500 kB.");
        // Everyone in the lobby gets it: what one visitor sends without a pause costs those with a slow line their connection.
        if (_pictureAt is { } last && time.GetElapsedTime(last) < PictureInterval)
            throw new EventException("One picture a second, please.");
        _pictureAt = time.GetTimestamp();
        others.As<ILobbyClient>().Picture(_name!, type, data);
        return new Accepted(true);
    }

    // These wait for other people: acknowledged later, so that the visitor's next events need not wait with them.

    /// <summary>To all devices of a user; delivered once one of them has acknowledged.</summary>
    [Event("whisper")]
    public void Whisper(string? to, string? text, Ack<Whispered> ack) => _ = AnswerAsync(ack, () => WhisperAsync(to, text));

    [Event("ready-check")]
    public void CheckReady(Ack<ReadyChecked> ack) => _ = AnswerAsync(ack, CheckReadyAsync);

    private async Task<Whispered> WhisperAsync(string? to, string? text)
    {
        if (_name is null || !IsName(to) || string.IsNullOrWhiteSpace(text) || text.Length > MaxText)
            throw new EventException("A private message needs a member and 1 to 500 characters.");
        IReadOnlyList<bool> answers;
        try
        {
            answers = await io.To(UserRoom(to!.Trim()))
                .Timeout(TimeSpan.FromSeconds(5))
                .EmitWithAckAsync<bool>("whisper", _name, text);
        }
        catch (AckTimeoutException timeout)
        {
            answers = [.. timeout.Responses.Select(static _ => true)];
        }
        return answers.Count > 0 ? new Whispered(answers.Count) : throw new EventException("Nobody of that name is here.");
    }

    private async Task<ReadyChecked> CheckReadyAsync()
    {
        if (_lobby is not { } lobby)
            throw new EventException("Join a lobby first.");
        bool started;
        try
        {
            var answers = await io.To(LobbyRoom.RoomOf(lobby))
                .Timeout(ReadyTimeout)
                .EmitWithAckAsync<bool>("ready?", _name);
            started = answers.All(static ready => ready);
        }
        catch (AckTimeoutException)
        {
            started = false;
        }
        io.To(LobbyRoom.RoomOf(lobby)).As<ILobbyClient>().ReadyResult(started);
        return new ReadyChecked(started);
    }

    /// <summary>Nothing waits for it, so nothing holds a client back that asks again and again: that is what the limit is for.</summary>
    private async Task AnswerAsync<T>(Ack<T> ack, Func<Task<T>> ask)
    {
        try
        {
            if (Interlocked.Increment(ref _questions) > MaxQuestions)
                throw new EventException("One after the other, please.");
            ack.Send(await ask());
        }
        catch (Exception error) // nobody awaits this
        {
            if (error is not EventException)
                LogFailure(log, error);
            ack.Send(new { error = new { message = error is EventException ? error.Message : "That did not work." } });
        }
        finally
        {
            Interlocked.Decrement(ref _questions);
        }
    }

    private BroadcastOperator? ToOthers() => _lobby is { } lobby ? Socket.To(LobbyRoom.RoomOf(lobby)) : null;

    private static string UserRoom(string name) => "user:" + name.ToUpperInvariant();

    private static bool IsName(string? name) => name is not null && NamePattern().IsMatch(name.Trim());

    [GeneratedRegex(@"^[\p{L}\p{N}](?:[\p{L}\p{N} .\-]{0,22}[\p{L}\p{N}.])?$", RegexOptions.CultureInvariant, 100)]
    private static partial Regex NamePattern();

    [LoggerMessage(1, LogLevel.Error, "A question that a visitor asked of others failed.")]
    private static partial void LogFailure(ILogger log, Exception error);
}
