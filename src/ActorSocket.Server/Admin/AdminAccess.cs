using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace ActorSocket.Server.Admin;

/// <summary>
/// Lets into <c>/admin</c> who gives the token of the configuration (<c>Admin:Token</c>), or, without one, the token that is logged at
/// start.
/// </summary>
internal sealed partial class AdminAccess
{
    private readonly byte[] _token;

    public AdminAccess(IConfiguration configuration, ILogger<AdminAccess> log)
    {
        var token = configuration["Admin:Token"];
        if (string.IsNullOrEmpty(token))
        {
            token = RandomNumberGenerator.GetHexString(16, lowercase: true);
            LogToken(log, token);
        }
        _token = Encoding.UTF8.GetBytes(token);
    }

    public async Task CheckAsync(Socket socket, Func<Task> next)
    {
        var given =
            socket.Handshake.Auth.TryGetProperty("token", out var token) && token.ValueKind == JsonValueKind.String
                ? token.GetString()!
                : "";
        if (!CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), _token))
            throw new ConnectErrorException("invalid token", new { code = "ADMIN_TOKEN" });
        await next();
    }

    [LoggerMessage(1, LogLevel.Information, "No Admin:Token is configured. For this run of /admin.html it is {Token}")]
    private static partial void LogToken(ILogger log, string token);
}
