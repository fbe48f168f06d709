using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ActorSocket.ClientTests.Infrastructure;

/// <summary>What an administrator does on the pages of the Admin UI.</summary>
internal static class AdminPages
{
    private const float Patience = 30_000;

    /// <summary>Opens the UI, as wide as that it shows its menu.</summary>
    public static async Task<Tab> OpenAdminUiAsync(this Chromium chromium, Uri url)
    {
        var tab = await chromium.OpenAsync(url);
        await tab.Page.SetViewportSizeAsync(1400, 900);
        await tab.Page.ReloadAsync();
        await Expect(Form(tab)).ToBeVisibleAsync(new() { Timeout = Patience });
        return tab;
    }

    /// <summary>What asks for the password.</summary>
    public static ILocator Form(Tab tab) => tab.Page.Locator(".v-dialog form");

    public static async Task SignInAsync(Tab tab, string password)
    {
        await tab.Page.GetByLabel("Username").FillAsync("admin");
        await tab.Page.GetByLabel("Password").FillAsync(password);
        await Form(tab).Locator("button[type=submit]").ClickAsync();
    }

    public static Task SignedInAsync(Tab tab) => Expect(Form(tab)).ToBeHiddenAsync(new() { Timeout = Patience });

    /// <summary>By the menu: dashboard is "", sockets, rooms, clients, events, servers.</summary>
    public static Task ShowAsync(Tab tab, string view) => tab.Page.Locator($".v-navigation-drawer a[href='#/{view}']").ClickAsync();

    /// <summary>The rows of the table that is shown, with a text.</summary>
    public static ILocator Rows(Tab tab, string text = "") => tab.Page.Locator(".v-main tbody tr", new() { HasText = text });

    /// <summary>The part of the page with a title.</summary>
    public static ILocator Card(Tab tab, string title) => tab.Page.Locator(".v-main .v-card", new() { HasText = title }).Last;
}
