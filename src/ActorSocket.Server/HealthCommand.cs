namespace ActorSocket.Server;

/// <summary>
/// <c>ActorSocket.Server health URL</c>: asks a running server how it is, for a container's health check. Its image has neither a shell nor
/// curl to do that.
/// </summary>
internal static class HealthCommand
{
    /// <returns>The exit code: 0 when it answers that all is well.</returns>
    public static async Task<int> RunAsync(string url)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        try
        {
            using var answer = await client.GetAsync(new Uri(url));
            Console.WriteLine($"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
            return answer.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
        {
            Console.WriteLine(error.Message);
            return 1;
        }
    }
}
