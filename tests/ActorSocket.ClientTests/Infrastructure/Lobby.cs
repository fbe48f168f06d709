using static Microsoft.Playwright.Assertions;

namespace ActorSocket.ClientTests.Infrastructure;

/// <summary>What somebody does on the demo's page.</summary>
internal static class Lobby
{
    /// <summary>For a page that is served by a machine with other things to do.</summary>
    private const float Patience = 30_000;

    public static async Task JoinAsync(Tab tab, string lobby)
    {
        await tab.Page.ClickAsync($"[data-lobby={lobby}] button");
        await Expect(tab.Page.Locator("#lobby-name")).ToHaveTextAsync(lobby, new() { Timeout = Patience });
    }

    public static async Task SayAsync(Tab tab, string text)
    {
        await tab.Page.FillAsync("#message", text);
        await tab.Page.ClickAsync("#send");
    }

    public static Task SaidAsync(Tab tab, string text) =>
        Expect(tab.Page.Locator("#messages li").Last).ToContainTextAsync(text, new() { Timeout = Patience });
}
