from django.urls import path

from onboarding.views.home import home, task_done, task_undo
from onboarding.views.interests import interests
from onboarding.views.wizard import keep_draft, show_step

urlpatterns = [
    path("start/<int:number>/", show_step, name="onboarding_step"),
    path("start/<int:number>/draft/", keep_draft, name="onboarding_draft"),
    path("home/", home, name="onboarding_home"),
    path("interests/", interests, name="onboarding_interests"),
    path("checklist/<uuid:uid>/done/", task_done, name="onboarding_task_done"),
    path("checklist/<uuid:uid>/undo/", task_undo, name="onboarding_task_undo"),
]
