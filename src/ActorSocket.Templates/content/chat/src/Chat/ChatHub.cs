using ActorSocket;

namespace Chat;

/// <summary>What the server says to the page: compiled, so that neither can misspell an event.</summary>
public interface IChatClient
{
    void Said(string name, string text);

    void Came(string name);

    void Left(string name);
}

/// <summary>
/// What a client may do: one object for each connection, so its fields are that client's. What a client that comes back is to find again
/// (ConnectionStateRecovery) is in Socket.Data.
/// </summary>
public sealed class ChatHub(ILogger<ChatHub> log) : SocketHub
{
    private string? _name;

    public override Task OnConnectedAsync()
    {
        if (Socket.Recovered)
            _name = Socket.GetData<string>("name");
        if (_name is not null)
            Socket.To("chat").As<IChatClient>().Came(_name);
        return Task.CompletedTask;
    }

    /// <summary>A name, and the client is in. What a method returns is the acknowledgement; what it throws is the error of it.</summary>
    [Event("enter")]
    public async Task<string> EnterAsync(string? name)
    {
        if (_name is not null)
            throw new EventException("You are in already.");
        // All the others get it, so the server says what it may be.
        _name = name?.Trim() is { Length: > 0 and <= 24 } trimmed ? trimmed : throw new EventException("A name has 1 to 24 characters.");
        Socket.Data["name"] = _name;
        await Socket.JoinAsync("chat");
        Socket.To("chat").As<IChatClient>().Came(_name);
        return _name;
    }

    [Event("say")]
    public bool Say(string? text)
    {
        if (_name is null)
            throw new EventException("Enter first.");
        if (text is not { Length: > 0 and <= 500 })
            throw new EventException("A message has 1 to 500 characters.");
        Socket.Namespace.To("chat").As<IChatClient>().Said(_name, text);
        return true;
    }

    public override Task OnDisconnectedAsync(DisconnectReason reason)
    {
        log.LogInformation("A client has left: {Reason}", reason);
        if (_name is not null)
            Socket.Namespace.To("chat").As<IChatClient>().Left(_name);
        return Task.CompletedTask;
    }
}
