using ActorSocket.Configuration;
using ActorSocket.Diagnostics;
using ActorSocket.Sessions;
using Microsoft.AspNetCore.Http;

namespace ActorSocket.Transports;

/// <summary>What the HTTP side of one server knows beside its <see cref="EngineServer"/>.</summary>
internal sealed class EngineHttp(EngineServer engine)
{
    public EngineServer Engine => engine;

    /// <summary>Who serves the requests of sessions that live elsewhere.</summary>
    public IRequestRelay Relay { get; set; } = NoRelay.Instance;

    /// <summary>Serves a file below the server's path, if there is one of that name; null: there are none.</summary>
    public Func<HttpContext, string, Task<bool>>? Files { get; set; }

    /// <summary>Who wants to know of requests that are refused.</summary>
    public CallbackList<ConnectionError> ConnectionErrors { get; } = new();

    /// <summary>The refusal waits for none of them.</summary>
    public void RaiseConnectionError(ConnectionError error)
    {
        foreach (var handler in ConnectionErrors.Current)
            _ = RaiseAsync(handler.Callback, error);
    }

    private async Task RaiseAsync(Func<ConnectionError, Task> handler, ConnectionError error)
    {
        try
        {
            await handler(error).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            engine.Log.ConnectionErrorHandlerFailed(failure);
        }
    }
}
