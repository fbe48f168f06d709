#:sdk Microsoft.NET.Sdk.Web
#:package Microsoft.AspNetCore.Authentication.JwtBearer@10.0.15
#:project ../../src/ActorSocket/ActorSocket.csproj

// A hub behind a token: POST /login?name=ada gives one; io("/game", { auth: { token } }) shows it.
using System.Security.Claims;
using System.Security.Cryptography;
using ActorSocket;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

// Of this process alone; yours comes from a vault, or from who issues the tokens.
var key = new SymmetricSecurityKey(RandomNumberGenerator.GetBytes(32));
var builder = WebApplication.CreateBuilder(args);
builder.WebHost.UseActorSocketTransport();
builder.Services.AddActorSocket();
builder.Services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer(jwt => jwt.TokenValidationParameters = new()
{
    ValidIssuer = "sample",
    ValidAudience = "sample",
    IssuerSigningKey = key,
});
builder.Services.AddAuthorization();

var app = builder.Build();
// A real one asks for a password. Who is called root is an administrator here.
app.MapPost("/login", (string name) => new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
{
    Issuer = "sample",
    Audience = "sample",
    Subject = new ClaimsIdentity([new("name", name), new("role", name == "root" ? "admin" : "player")]),
    Expires = DateTime.UtcNow.AddMinutes(10),
    SigningCredentials = new SigningCredentials(key, SecurityAlgorithms.HmacSha256),
}));
app.MapActorSocket().Of("/game").UseAuthentication().MapHub<GameHub>();

await app.RunAsync();

internal sealed class GameHub : SocketHub
{
    [Event("who")]
    public string? Who() => Socket.User.Identity?.Name ?? Socket.User.FindFirstValue("name") ?? Socket.User.FindFirstValue(ClaimTypes.Name);

    [Event("stop"), Authorize(Roles = "admin")] // others are answered with the error UNAUTHORIZED
    public string Stop() => "stopped";
}
