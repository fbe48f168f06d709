namespace ActorSocket.Server.Lobby;

/// <summary>What a page hears of the lobbies.</summary>
internal interface ILobbyClient
{
    void Lobbies(LobbyListing[] lobbies);

    /// <summary>How many pages are open, on all nodes.</summary>
    void Online(int pages);

    /// <summary>Who is in the page's lobby now.</summary>
    void Members(string[] members);

    void Said(ChatLine line);

    void Typing(string name);

    void Picture(string from, string type, byte[] data);

    void Pointer(string id, string name, double x, double y);

    [Event("pointer-gone")]
    void PointerGone(string id);

    /// <summary>Acknowledged when it is shown. Several are asked at once, by its name.</summary>
    [Event("whisper")]
    Task<bool> WhisperAsync(string from, string text);

    [Event("ready?")]
    Task<bool> IsReadyAsync(string from);

    [Event("ready-result")]
    void ReadyResult(bool started);
}
