namespace ActorSocket.Server.Lobby;

/// <summary>Who is logged in.</summary>
internal sealed record LoggedIn(string Name);

internal sealed record CreatedLobby(string Name);

internal sealed record LeftLobby(bool Left);

internal sealed record Accepted(bool Sent);

/// <summary>On how many devices it is shown.</summary>
internal sealed record Whispered(int Delivered);

/// <summary>Whether everybody was ready.</summary>
internal sealed record ReadyChecked(bool Started);
