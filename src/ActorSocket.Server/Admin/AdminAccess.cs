using System.Security.Cryptography;
using Microsoft.Extensions.Options;

namespace ActorSocket.Server.Admin;

/// <summary>
/// Lets the user <c>admin</c> into the Admin UI, by the password of the configuration (<c>Admin:Token</c>), or, without one, by the one
/// that is logged at start.
/// </summary>
internal sealed partial class AdminAccess(IConfiguration configuration, ILogger<AdminAccess> log)
    : IConfigureOptions<ActorSocketAdminUiOptions>
{
    public void Configure(ActorSocketAdminUiOptions options)
    {
        var token = configuration["Admin:Token"];
        if (string.IsNullOrEmpty(token))
        {
            token = RandomNumberGenerator.GetHexString(16, lowercase: true);
            LogToken(log, token);
        }
        options.UseBasicAuthentication("admin", ActorSocketAdminUiOptions.HashPassword(token));
    }

    [LoggerMessage(1, LogLevel.Information, "No Admin:Token is configured. For this run the password of \"admin\" at /admin is {Token}")]
    private static partial void LogToken(ILogger log, string token);
}
