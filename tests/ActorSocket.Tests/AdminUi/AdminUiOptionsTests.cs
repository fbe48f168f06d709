using ActorSocket.AdminUi;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ActorSocket.Tests.AdminUi;

public sealed class AdminUiOptionsTests
{
    [Fact]
    public async Task A_host_that_does_not_say_who_may_sign_in_does_not_start()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        builder.Services.AddActorSocket().AddAdminUi();
        await using var app = builder.Build();
        app.MapActorSocket();

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => app.StartAsync());
        Assert.Contains("AdminUi:Username or Policy, or AllowAnonymous = true, must say", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_hash_that_was_made_here_is_one() =>
        Assert.Empty(FaultsOf(options => options.UseBasicAuthentication("admin", ActorSocketAdminUiOptions.HashPassword("changeit"))));

    [Theory]
    [InlineData("changeit")]
    [InlineData("$2b$10$tooshort")]
    [InlineData("$2b$99$heqvAkYMez.Va6Et2uXInOnkCT6/uQj1brkrbyG3LpopDklcq7ZOS")]
    public void A_password_is_no_hash(string password) =>
        Assert.Contains("PasswordHash is no hash", Assert.Single(FaultsOf(options => options.UseBasicAuthentication("admin", password))),
            StringComparison.Ordinal);

    [Fact]
    public void Only_one_way_to_sign_in_is_taken()
    {
        Assert.Single(FaultsOf(static options => (options.Policy, options.AllowAnonymous) = ("admins", true)));
        Assert.Single(FaultsOf(static options => options.Username = "admin"));
        Assert.Single(FaultsOf(static options => (options.Username, options.Policy) = ("admin", "admins")));
        Assert.Empty(FaultsOf(static options => options.AllowAnonymous = true));
        Assert.Empty(FaultsOf(static options => options.UsePolicy("admins")));
    }

    [Fact]
    public void The_main_namespace_is_not_for_administrators() =>
        Assert.Contains(
            "NamespaceName is empty",
            Assert.Single(FaultsOf(static options => (options.NamespaceName, options.AllowAnonymous) = ("/", true))),
            StringComparison.Ordinal);

    [Fact]
    public void A_password_that_bcrypt_would_cut_short_is_refused() =>
        Assert.Throws<ArgumentException>(static () => ActorSocketAdminUiOptions.HashPassword(new string('x', 73)));

    [Fact]
    public void The_page_is_not_mapped_without_what_it_talks_to()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddActorSocket();
        using var app = (IDisposable)builder.Build();

        var refused = Assert.Throws<InvalidOperationException>(() => ((WebApplication)app).MapActorSocketAdminUi());
        Assert.Contains("AddAdminUi", refused.Message, StringComparison.Ordinal);
    }

    private static IEnumerable<string> FaultsOf(Action<ActorSocketAdminUiOptions> configure)
    {
        var options = new ActorSocketAdminUiOptions();
        configure(options);
        return new AdminUiOptionsValidator().Validate("", options).Failures ?? [];
    }
}
