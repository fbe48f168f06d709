using System.Text.RegularExpressions;
using ActorSocket.Configuration;
using Microsoft.Extensions.Options;

namespace ActorSocket.AdminUi;

/// <summary>Checks the options at start. Without a word on who may sign in the host does not start.</summary>
internal sealed partial class AdminUiOptionsValidator : IValidateOptions<ActorSocketAdminUiOptions>
{
    public ValidateOptionsResult Validate(string? name, ActorSocketAdminUiOptions options)
    {
        var faults = new OptionFaults(SectionOf(name));
        if (options.NamespaceName.Trim('/').Length == 0)
            faults.Add(nameof(options.NamespaceName), "is empty: the Admin UI has a namespace of its own, such as /admin.");
        if (options.ServerId is { Length: 0 })
            faults.Add(nameof(options.ServerId), "is empty: leave it out, or name this node.");
        if (options.Mode is { } mode && !Enum.IsDefined(mode))
            faults.Add(nameof(options.Mode), $"is {mode}; it must be Development or Production.");
        var isBasic = options.Username is not null || options.PasswordHash is not null;
        if ((isBasic ? 1 : 0) + (options.Policy is null ? 0 : 1) + (options.AllowAnonymous ? 1 : 0) != 1)
        {
            faults.Add(
                nameof(options.Username),
                "or Policy, or AllowAnonymous = true, must say who may sign in to the Admin UI, and only one of them: call, for example, "
                + "AddAdminUi(options => options.UseBasicAuthentication(\"admin\", bcryptHash))."
            );
        }
        else if (isBasic && string.IsNullOrEmpty(options.Username))
        {
            faults.Add(nameof(options.Username), "is missing.");
        }
        else if (isBasic && !BCryptHash().IsMatch(options.PasswordHash ?? ""))
        {
            faults.Add(
                nameof(options.PasswordHash),
                "is no hash of bcrypt's ($2b$10$ and 53 characters): ActorSocketAdminUiOptions.HashPassword makes one."
            );
        }
        return faults.All.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults.All);
    }

    public static string SectionOf(string? name) => string.IsNullOrEmpty(name) ? "ActorSocket:AdminUi" : $"ActorSocket:{name}:AdminUi";

    [GeneratedRegex(@"^\$2[abxy]?\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex BCryptHash();
}
